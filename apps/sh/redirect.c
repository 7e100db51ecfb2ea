#include "apps/sh/redirect.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/sh/run.h"

#define COPIES_FROM 10  // descriptors below are the script's

static bool save(struct saved_descriptors *saved, int fd) {
  if (saved->count == REDIRECTS_SAVED_MAX) {
    shell_error("too many redirections");
    return false;
  }
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, COPIES_FROM);
  if (copy < 0 && errno != EBADF) {
    shell_error("%s", strerror(errno));
    return false;
  }
  saved->saved[saved->count].fd = fd;
  saved->saved[saved->count++].copy = copy;
  return true;
}

void redirect_restore(struct saved_descriptors *saved) {
  while (saved->count > 0) {
    --saved->count;
    int fd = saved->saved[saved->count].fd, copy = saved->saved[saved->count].copy;
    if (copy < 0) {
      close(fd);
    } else {
      dup2(copy, fd);
      close(copy);
    }
  }
}

static bool open_target(const struct redirect *redirect, const char *target) {
  static const int flags[] = {[REDIRECT_READ] = O_RDONLY,
                              [REDIRECT_WRITE] = O_WRONLY | O_CREAT | O_TRUNC,
                              [REDIRECT_APPEND] = O_WRONLY | O_CREAT | O_APPEND};
  int fd = open(target, flags[redirect->kind], 0666);
  if (fd < 0) {
    shell_error("%s: %s", target, strerror(errno));
    return false;
  }
  if (fd != redirect->fd) {
    dup2(fd, redirect->fd);
    close(fd);
  }
  return true;
}

static bool copy_target(const struct redirect *redirect, const char *target) {
  if (strcmp(target, "-") == 0) {
    close(redirect->fd);
    return true;
  }
  if (!isdigit((unsigned char)target[0]) || target[1] || dup2(target[0] - '0', redirect->fd) < 0) {
    shell_error("%s: bad descriptor", target);
    return false;
  }
  return true;
}

bool redirect(struct shell *shell, const struct redirect *redirects,
              struct saved_descriptors *saved) {
  if (saved) saved->count = 0;
  for (; redirects; redirects = redirects->next) {
    const char *target = run_expand_text(shell, redirects->target);
    if (!target || (saved && !save(saved, redirects->fd))) return false;
    bool done = redirects->kind == REDIRECT_COPY ? copy_target(redirects, target)
                                                 : open_target(redirects, target);
    if (!done) return false;
  }
  return true;
}
