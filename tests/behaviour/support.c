#include "tests/behaviour/support.h"

const char *scratch_path(const char *name) {
  static char paths[4][256];
  static int next;
  char *path = paths[next++ % 4];
  const char *directory = getenv("TEST_TMPDIR");
  snprintf(path, sizeof paths[0], "%s/%s", directory ? directory : "/tmp", name);
  return path;
}

const char *scratch(const char *name) {
  const char *path = scratch_path(name);
  if (unlink(path) && errno != ENOENT) rmdir(path);
  return path;
}

int make_file(const char *name, size_t bytes) {
  char page[PAGE];
  int fd = open(scratch(name), O_RDWR | O_CREAT | O_EXCL, 0644);
  for (size_t at = 0; fd >= 0 && at < bytes; at += PAGE) {
    size_t now = bytes - at < PAGE ? bytes - at : PAGE;
    memset(page, (int)(at / PAGE + 1), now);
    if (write(fd, page, now) != (ssize_t)now) {
      close(fd);
      fd = -1;
    }
  }
  if (fd < 0) case_failed(__FILE__, __LINE__, "%s: %s", name, strerror(errno));
  return fd;
}

char *anonymous(size_t pages) {
  char *memory =
      mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory != MAP_FAILED) return memory;
  case_failed(__FILE__, __LINE__, "mmap: %s", strerror(errno));
  return NULL;
}

int in_child(void (*function)(void *), void *argument) {
  int status = -1;
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    function(argument);
    _exit(0);
  }
  if (pid < 0 || waitpid(pid, &status, 0) != pid) {
    case_failed(__FILE__, __LINE__, "fork or wait: %s", strerror(errno));
  }
  return status;
}

int killed_by(int status, int signal) { return WIFSIGNALED(status) && WTERMSIG(status) == signal; }

void read_byte(void *address) { (void)*(volatile char *)address; }

void write_byte(void *address) { *(volatile char *)address = 1; }
