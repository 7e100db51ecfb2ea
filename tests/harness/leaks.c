// leaks PROGRAM [ARGUMENT]...: runs the program and says whether all that it took came back.
//
// Before and after, what is dirty is written and the page cache is dropped. Then these are the
// same: frames of anonymous and shared memory, the pager's nodes, regions and waiting calls, used
// swap slots; and all frames of page tables and other kernel objects are of processes that still
// live. What may differ: pages of files that are mapped while this looks, message
// pages (one for each process slot that was ever used), objects of files that fs remembers, and
// free items in the pager's slabs. With a swap area in use, pages of the programs that go on may
// have moved there or back, so anonymous frames and slots are not compared.
//
// Exits with the program's status, or with 97 and a line that begins with "leak:" if something is
// missing after some seconds.
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libsys/quire.h"
#include "protocols/server.h"

enum { STATUS_LEAK = 97, STATUS_CANNOT = 98, SECONDS = 10, PAUSE_US = 20000 };

struct usage {
  uint64_t anonymous, nodes, regions, pendings, swap, tables, tables_of_processes, processes;
};

static uint64_t tables_of(uint32_t slot) {
  struct pager_space_counts counts;
  return quire_space_counts(slot, &counts) == 0 ? counts.tables : 0;
}

static void measure(struct usage *usage) {
  static struct pager_counts counts;
  struct proc_entry entry[16];
  uint32_t slot = 0;
  sync();
  quire_set_option(PAGER_DROP_CACHES, 1);
  quire_counts(&counts);
  *usage = (struct usage){.anonymous = counts.frames_anonymous,
                          .nodes = counts.nodes,
                          .regions = counts.regions,
                          .pendings = counts.pendings,
                          .swap = counts.swap_used,
                          .tables = counts.frames_tables};
  for (uint32_t i = SLOT_NONE + 1; i < SLOT_INIT; i++) usage->tables_of_processes += tables_of(i);
  for (int n; (n = quire_processes(&slot, entry, 16)) > 0;) {
    for (int i = 0; i < n; i++) usage->tables_of_processes += tables_of(entry[i].slot);
    usage->processes += (uint64_t)n;
  }
}

static bool same(const struct usage *before, const struct usage *after) {
  bool swapped = before->swap || after->swap;
  return after->processes == before->processes && after->nodes == before->nodes &&
         after->regions == before->regions && after->pendings == before->pendings &&
         after->tables == after->tables_of_processes &&
         (swapped || after->anonymous == before->anonymous);
}

static void show(const char *when, const struct usage *usage) {
  printf(
      "leak: %s: %lu anonymous frames, %lu nodes, %lu regions, %lu waiting calls, %lu slots, "
      "%lu frames of tables, %lu of processes, %lu processes\n",
      when, (unsigned long)usage->anonymous, (unsigned long)usage->nodes,
      (unsigned long)usage->regions, (unsigned long)usage->pendings, (unsigned long)usage->swap,
      (unsigned long)usage->tables, (unsigned long)usage->tables_of_processes,
      (unsigned long)usage->processes);
}

// The status of a program that is run with these arguments.
static int run(char **argv) {
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    signal(SIGINT, SIG_DFL);
    execv(argv[0], argv);
    _exit(STATUS_CANNOT);
  }
  if (pid < 0 || waitpid(pid, &status, 0) != pid) return STATUS_CANNOT;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Measures until it is as before, or for some seconds: who has ended may still be taken apart, and
// children of a program may still run.
static bool returns_to(const struct usage *before, struct usage *now) {
  time_t deadline = time(NULL) + SECONDS;
  for (;;) {
    measure(now);
    if (same(before, now)) return true;
    if (time(NULL) > deadline) return false;
    usleep(PAUSE_US);
  }
}

int main(int argc, char **argv) {
  static struct usage before, after;
  char *nothing[] = {"/bin/true", NULL};
  if (argc < 2) return STATUS_CANNOT;
  signal(SIGINT, SIG_IGN);  // Ctrl-C is for the program
  // What is done below for the first time takes memory for the first time.
  for (int i = 0; i < 2; i++) {
    run(nothing);
    measure(&before);
    returns_to(&before, &after);
  }
  int status = run(argv + 1);
  if (returns_to(&before, &after)) return status;
  show("before", &before);
  show("after", &after);
  return STATUS_LEAK;
}
