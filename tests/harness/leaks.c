// leaks PROGRAM [ARGUMENT]...: runs the program and says whether all that it took came back.
//
// Before and after, what is dirty is written and caches are dropped. Then all that usage.h lists is
// the same. What may differ has a limit of its own or is a program's that goes on: message pages
// (one for each process slot that was ever used), what the policy remembers, swap areas that were
// added, objects of files that fs remembers, their pages that are mapped while this looks, and free
// items in the pager's slabs.
//
// Exits with the program's status, with 97 and lines that begin with "leak:" if something is
// missing after some seconds, or with 98 if it cannot say.
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
#include "tests/harness/usage.h"

enum { STATUS_LEAK = 97, STATUS_CANNOT = 98, SECONDS = 10, PAUSE_US = 20000 };

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
  uint64_t tables = 0, processes = 0;
  for (uint32_t i = SLOT_NONE + 1; i < SLOT_INIT; i++) tables += tables_of(i);
  for (int n; (n = quire_processes(&slot, entry, 16)) > 0;) {
    for (int i = 0; i < n; i++) tables += tables_of(entry[i].slot);
    processes += (uint64_t)n;
  }
  usage_measure(usage, &counts, tables, processes);
}

static void show(const struct usage *before, const struct usage *now) {
  uint32_t kind = 0;
  for (; (kind = usage_changed(before, now, kind)) < USAGE_KINDS; kind++) {
    printf("leak: %s: %lu before, %lu after\n", usage_name[kind], (unsigned long)before->of[kind],
           (unsigned long)now->of[kind]);
  }
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
    if (usage_changed(before, now, 0) == USAGE_KINDS) return true;
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
  bool settled = false;
  for (int i = 0; i < 2; i++) {
    run(nothing);
    measure(&before);
    settled = returns_to(&before, &after);
  }
  int status = settled ? run(argv + 1) : STATUS_CANNOT;
  if (returns_to(&before, &after)) return status;
  show(&before, &after);
  return settled ? STATUS_LEAK : STATUS_CANNOT;
}
