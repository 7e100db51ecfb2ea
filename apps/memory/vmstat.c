#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/coreutils/common.h"
#include "apps/memory/proc_file.h"

const char program_name[] = "vmstat";
const char program_help[] =
    "usage: vmstat [COMMAND [ARGUMENT]...]\n"
    "Prints what pager and kernel have counted since boot or, with a command, while it ran (by\n"
    "the whole system, the command's start and end included).\n";

#define VMSTAT "/proc/vmstat"

static const struct line {
  const char *text, *name;  // the name in /proc/vmstat
} lines[] = {
    {"page faults", "pgfault"},
    {"  answered with a zeroed page", "faults_anonymous"},
    {"  answered with the shared zero page", "faults_zero_read"},
    {"  copy on write: copied", "faults_cow_copy"},
    {"  copy on write: last owner, not copied", "faults_cow_reuse"},
    {"  answered from the page cache", "faults_file"},
    {"  waited for the disk", "pgmajfault"},
    {"  ended in a signal", "faults_error"},
    {"pages mapped for faults", "pages_mapped"},
    {"pages zeroed", "pages_zeroed"},
    {"pages copied", "pages_copied"},
    {"pages read from disk", "pages_in"},
    {"  in requests", "requests_in"},
    {"pages written to disk", "pages_out"},
    {"  in requests", "requests_out"},
    {"pages evicted", "pages_evicted"},
    {"pages read from swap", "pswpin"},
    {"pages written to swap", "pswpout"},
    {"forks", "forks"},
    {"execs", "execs"},
    {"kernel entries", "kernel_entries"},
    {"  faults turned into messages", "kernel_faults"},
    {"  faults that were already mended", "kernel_faults_absorbed"},
    {"  interrupts", "kernel_interrupts"},
    {"messages", "kernel_messages"},
    {"changes of address space", "kernel_switches"},
    {"TLB fences", "kernel_fences"},
    {"TLB fences on other harts", "kernel_shootdowns"},
};

#define LINES (sizeof lines / sizeof *lines)

static bool take(struct proc_value values[LINES]) {
  for (size_t i = 0; i < LINES; ++i) values[i].name = lines[i].name;
  return proc_values(VMSTAT, values, LINES);
}

static void print(const struct proc_value before[LINES], const struct proc_value after[LINES]) {
  for (size_t i = 0; i < LINES; ++i) {
    printf("%12llu %s\n", (unsigned long long)(after[i].value - before[i].value), lines[i].text);
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
  static struct proc_value before[LINES], after[LINES];
  int status = 0;
  common_help(argc, argv);
  if (argc > 1) {
    if (argv[1][0] == '-') common_usage();
    if (!take(before)) return common_error(VMSTAT);
    status = run(argv + 1);
  }
  if (!take(after)) return common_error(VMSTAT);
  print(before, after);
  return status;
}
