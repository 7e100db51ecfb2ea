#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "apps/coreutils/common.h"

const char program_name[] = "kill";
const char program_help[] =
    "usage: kill [-SIGNAL] PID...\n"
    "Sends a signal, by number or name, to processes; TERM without one. PID < 0: a group.\n";

static const struct {
  const char *name;
  int number;
} signals[] = {{"HUP", SIGHUP},    {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"ILL", SIGILL},
               {"TRAP", SIGTRAP},  {"ABRT", SIGABRT}, {"BUS", SIGBUS},   {"FPE", SIGFPE},
               {"KILL", SIGKILL},  {"USR1", SIGUSR1}, {"SEGV", SIGSEGV}, {"USR2", SIGUSR2},
               {"PIPE", SIGPIPE},  {"ALRM", SIGALRM}, {"TERM", SIGTERM}, {"CHLD", SIGCHLD},
               {"CONT", SIGCONT},  {"STOP", SIGSTOP}, {"TSTP", SIGTSTP}, {"URG", SIGURG},
               {"WINCH", SIGWINCH}};

// -1: there is none of this name.
static int signal_of(const char *name) {
  if (isdigit((unsigned char)*name)) return atoi(name);
  if (strncmp(name, "SIG", 3) == 0) name += 3;
  for (size_t i = 0; i < sizeof signals / sizeof *signals; ++i) {
    if (strcmp(signals[i].name, name) == 0) return signals[i].number;
  }
  return -1;
}

static int send(const char *text, int number) {
  char *end;
  long pid = strtol(text, &end, 10);
  if (!*text || *end) common_usage();
  return kill((pid_t)pid, number) ? common_error(text) : 0;
}

int main(int argc, char **argv) {
  common_help(argc, argv);
  int i = 1, number = SIGTERM, status = 0;
  if (argc > 2 && argv[1][0] == '-' && argv[1][1] != '-') number = signal_of(argv[i++] + 1);
  if (i < argc && strcmp(argv[i], "--") == 0) ++i;
  if (i == argc || number < 0) common_usage();
  for (; i < argc; ++i) status |= send(argv[i], number);
  return status;
}
