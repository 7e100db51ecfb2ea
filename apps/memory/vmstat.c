#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/stats.h"
#include "apps/coreutils/common.h"
#include "libsys/quire.h"

const char program_name[] = "vmstat";
const char program_help[] =
    "usage: vmstat [COMMAND [ARGUMENT]...]\n"
    "Prints what pager and kernel have counted since boot or, with a command, while it ran (by\n"
    "the whole system, the command's start and end included).\n";

#define OF_PAGER(field) offsetof(struct pager_counts, field)
#define OF_KERNEL(stat) (offsetof(struct pager_counts, kernel) + (stat) * sizeof(uint64_t))

static const struct line {
  const char *text;
  size_t offset;  // in struct pager_counts
} lines[] = {
    {"page faults", OF_PAGER(faults)},
    {"  answered with a zeroed page", OF_PAGER(faults_anonymous)},
    {"  answered with the shared zero page", OF_PAGER(faults_zero_read)},
    {"  copy on write: copied", OF_PAGER(faults_cow_copy)},
    {"  copy on write: last owner, not copied", OF_PAGER(faults_cow_reuse)},
    {"  answered from the page cache", OF_PAGER(faults_file)},
    {"  waited for the disk", OF_PAGER(faults_major)},
    {"  ended in a signal", OF_PAGER(faults_error)},
    {"pages mapped for faults", OF_PAGER(pages_mapped)},
    {"pages zeroed", OF_PAGER(pages_zeroed)},
    {"pages copied", OF_PAGER(pages_copied)},
    {"pages read from disk", OF_PAGER(pages_in)},
    {"  in requests", OF_PAGER(requests_in)},
    {"pages written to disk", OF_PAGER(pages_out)},
    {"  in requests", OF_PAGER(requests_out)},
    {"forks", OF_PAGER(forks)},
    {"execs", OF_PAGER(execs)},
    {"kernel entries", OF_KERNEL(STAT_ENTRIES)},
    {"  faults turned into messages", OF_KERNEL(STAT_FAULTS)},
    {"  faults that were already mended", OF_KERNEL(STAT_SPURIOUS)},
    {"  interrupts", OF_KERNEL(STAT_INTERRUPTS)},
    {"messages", OF_KERNEL(STAT_CALLS)},
    {"changes of address space", OF_KERNEL(STAT_SWITCHES)},
    {"TLB fences", OF_KERNEL(STAT_FENCES)},
    {"TLB fences on other harts", OF_KERNEL(STAT_SHOOTDOWNS)},
};

static uint64_t value(const struct pager_counts *counts, const struct line *line) {
  uint64_t value;
  memcpy(&value, (const char *)counts + line->offset, sizeof value);
  return value;
}

static void print(const struct pager_counts *before, const struct pager_counts *after) {
  for (size_t i = 0; i < sizeof lines / sizeof *lines; ++i) {
    printf("%12llu %s\n", (unsigned long long)(value(after, &lines[i]) - value(before, &lines[i])),
           lines[i].text);
  }
}

// Returns the command's status.
static int run(char **argv) {
  int status;
  pid_t pid = fork();
  if (pid < 0) return common_error("cannot start a process");
  if (pid == 0) {
    execvp(argv[0], argv);
    int missing = errno == ENOENT;
    common_error(argv[0]);
    exit(missing ? 127 : 126);
  }
  if (waitpid(pid, &status, 0) < 0) return common_error(argv[0]);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv) {
  static struct pager_counts before, after;
  int status = 0;
  common_help(argc, argv);
  if (argc > 1) {
    if (argv[1][0] == '-') common_usage();
    if (quire_counts(&before)) return common_error("counts");
    status = run(argv + 1);
  }
  if (quire_counts(&after)) return common_error("counts");
  print(&before, &after);
  return status;
}
