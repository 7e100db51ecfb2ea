// The first program. Opens the terminal, runs the shell, collects processes that nobody else waits
// for, and switches the machine off when the shell has ended. argv[1] is the kernel's command line:
// with cmd=LINE in it (percent-encoded) the shell runs that line instead of asking for some. Disks
// with what mkswap writes become swap areas, unless swap=FILE,FILE... says which files do;
// swap=none is none.
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cmdline/cmdline.h"
#include "libsys/quire.h"

#define SHELL "/bin/sh"
#define LINE_MAX_BYTES 1024  // as long as the kernel's command line

enum { STATUS_NO_SHELL = 127, STATUS_NO_TERMINAL = 126, STATUS_SIGNAL = 128 };

// The lowest three descriptors become the terminal.
static bool open_terminal(void) {
  for (int fd = 0; fd < 3; ++fd) {
    if (open("/dev/console", O_RDWR) != fd) return false;
  }
  return true;
}

static void greet(void) {
  char text[256];
  int fd = open("/etc/motd", O_RDONLY);
  if (fd < 0) return;
  for (ssize_t bytes; (bytes = read(fd, text, sizeof text)) > 0;) {
    write(STDOUT_FILENO, text, (size_t)bytes);
  }
  close(fd);
}

// What is no swap area at all, or the disk that is mounted, is passed over.
static void swap_on_disks(void) {
  char path[] = "/dev/vda";
  for (char *letter = path + sizeof path - 2; *letter <= 'h'; ++*letter) {
    if (swapon(path, 0) == 0 || errno == EINVAL || errno == EBUSY || errno == EROFS) continue;
    if (errno == ENXIO) break;
    dprintf(STDERR_FILENO, "init: swapon %s: %s\n", path, strerror(errno));
  }
}

static void swap_on(const char *command_line) {
  static char names[LINE_MAX_BYTES];
  if (!cmdline_value(command_line, "swap", names, sizeof names)) {
    swap_on_disks();
    return;
  }
  char *rest;
  for (char *name = strtok_r(names, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
    if (strcmp(name, "none") == 0 || swapon(name, 0) == 0) continue;
    dprintf(STDERR_FILENO, "init: swapon %s: %s\n", name, strerror(errno));
  }
}

// `line`: NULL for an interactive shell.
static void become_shell(char *line) {
  char *interactive[] = {"sh", NULL};
  char *single[] = {"sh", "-c", line, NULL};
  char *environment[] = {"PATH=/bin", "HOME=/home", NULL};
  setpgid(0, 0);
  execve(SHELL, line ? single : interactive, environment);
  dprintf(STDERR_FILENO, "init: cannot run " SHELL ": %s\n", strerror(errno));
  _exit(STATUS_NO_SHELL);
}

// Waits for the shell and, meanwhile, for processes without a parent. Returns the shell's status.
static int wait_for(pid_t shell) {
  int status;
  while (wait(&status) != shell) continue;
  return WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv) {
  static char line[LINE_MAX_BYTES];
  if (!open_terminal()) quire_poweroff(STATUS_NO_TERMINAL);
  swap_on(argc > 1 ? argv[1] : "");
  bool single = argc > 1 && cmdline_value(argv[1], "cmd", line, sizeof line);
  if (!single) greet();
  pid_t shell = fork();
  if (shell == 0) become_shell(single ? line : NULL);
  if (shell < 0) {
    dprintf(STDERR_FILENO, "init: cannot start a process: %s\n", strerror(errno));
    quire_poweroff(STATUS_NO_SHELL);
  }
  setpgid(shell, shell);
  if (single) tcsetpgrp(STDIN_FILENO, shell);  // an interactive one does it by itself
  quire_poweroff(wait_for(shell));
  dprintf(STDERR_FILENO, "init: cannot switch off: %s\n", strerror(errno));
  return 1;
}
