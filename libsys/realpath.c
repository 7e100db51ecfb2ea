#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct walk {
  char done[PATH_MAX];  // without links, without an end slash but for "/"
  char rest[PATH_MAX];  // still to be walked
  int links;            // followed so far
};

static bool fail(int error) {
  errno = error;
  return false;
}

// Takes the last component away.
static void up(char *path) {
  char *slash = strrchr(path, '/');
  slash[slash == path ? 1 : 0] = 0;
}

static bool append(char *path, const char *name, size_t length) {
  size_t used = strlen(path);
  if (used == 1) used = 0;  // the root's slash
  if (used + 1 + length >= PATH_MAX) return fail(ENAMETOOLONG);
  path[used] = '/';
  memcpy(path + used + 1, name, length);
  path[used + 1 + length] = 0;
  return true;
}

// The last component of walk->done is a link: its text goes in front of the rest.
static bool follow(struct walk *walk) {
  char text[PATH_MAX];
  if (++walk->links > SYMLOOP_MAX) return fail(ELOOP);
  ssize_t length = readlink(walk->done, text, sizeof text - 1);
  if (length < 0) return false;
  text[length] = 0;
  if ((size_t)length + 1 + strlen(walk->rest) >= PATH_MAX) return fail(ENAMETOOLONG);
  memmove(walk->rest + length + 1, walk->rest, strlen(walk->rest) + 1);
  memcpy(walk->rest, text, (size_t)length);
  walk->rest[length] = '/';
  if (text[0] == '/') {
    strcpy(walk->done, "/");
  } else {
    up(walk->done);
  }
  return true;
}

// Walks one component.
static bool step(struct walk *walk) {
  size_t slashes = strspn(walk->rest, "/");
  size_t length = strcspn(walk->rest + slashes, "/");
  char name[NAME_MAX + 1];
  if (length > NAME_MAX) return fail(ENAMETOOLONG);
  memcpy(name, walk->rest + slashes, length);
  name[length] = 0;
  bool more = walk->rest[slashes + length] == '/';
  memmove(walk->rest, walk->rest + slashes + length, strlen(walk->rest + slashes + length) + 1);
  if (length == 0 || strcmp(name, ".") == 0) return true;
  if (strcmp(name, "..") == 0) {
    up(walk->done);
    return true;
  }
  if (!append(walk->done, name, length)) return false;
  struct stat status;
  if (lstat(walk->done, &status)) return false;
  if (S_ISLNK(status.st_mode)) return follow(walk);
  return !more || S_ISDIR(status.st_mode) || fail(ENOTDIR);
}

static bool begin(struct walk *walk, const char *path) {
  if (!path) return fail(EINVAL);
  if (!*path) return fail(ENOENT);
  if (strlen(path) >= PATH_MAX) return fail(ENAMETOOLONG);
  strcpy(walk->rest, path);
  strcpy(walk->done, "/");
  walk->links = 0;
  return *path == '/' || getcwd(walk->done, sizeof walk->done);
}

char *realpath(const char *restrict path, char *restrict resolved) {
  struct walk walk;
  if (!begin(&walk, path)) return NULL;
  while (*walk.rest) {
    if (!step(&walk)) return NULL;
  }
  return resolved ? strcpy(resolved, walk.done) : strdup(walk.done);
}
