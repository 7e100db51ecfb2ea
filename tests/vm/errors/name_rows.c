// Descriptors and names with bad arguments: open, dup, fcntl, lseek, pipe2, mkdir, rename, link,
// ...
#define _GNU_SOURCE

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/vm/errors/errors.h"

void errors_descriptors(void) {
  int fd = errors_file(O_RDONLY), ends[2];
  struct stat status;
  char byte = 0;
  if (pipe(ends)) abort();
  ROW("close -1", close(-1));
  ROW("close what is closed", (close(ends[0]), close(ends[0])));
  ROW("close a large number", close(1 << 20));
  ROW("dup -1", dup(-1));
  ROW("dup what is closed", dup(ends[0]));
  ROW("dup2 to -1", dup2(fd, -1));
  ROW("dup2 to a large number", dup2(fd, 1 << 20));
  ROW("dup2 of what is closed to itself", dup2(ends[0], ends[0]));
  ROW("dup2 to itself", dup2(fd, fd) == fd);
  ROW("dup3 to itself", dup3(fd, fd, 0));
  ROW("dup3 with unknown flags", dup3(fd, ends[0], O_APPEND));
  ROW("fcntl of -1", fcntl(-1, F_GETFD));
  ROW("fcntl, unknown", fcntl(fd, 9999, 0));
  ROW("fcntl, lowest is -1", fcntl(fd, F_DUPFD, -1));
  ROW("fcntl, lowest is too large", fcntl(fd, F_DUPFD, 1 << 20));
  ROW("fcntl, flags", fcntl(fd, F_GETFL) & O_ACCMODE);
  ROW("fstat -1", fstat(-1, &status));
  ROW("seek -1", lseek(-1, 0, SEEK_SET));
  ROW("seek in an unknown way", lseek(fd, 0, 99));
  ROW("seek before the start", lseek(fd, -1, SEEK_SET));
  ROW("seek before the start from the end", lseek(fd, -(off_t)(3 * PAGE), SEEK_END));
  ROW("seek beyond everything", (lseek(fd, 1, SEEK_SET), lseek(fd, LONG_MAX, SEEK_CUR)));
  ROW("seek a pipe", lseek(ends[1], 0, SEEK_CUR));
  ROW("read -1", read(-1, &byte, 1));
  ROW("read nothing of -1", read(-1, &byte, 0));
  ROW("write what is open for reading", write(fd, &byte, 1));
  ROW("read a large number", read(1 << 20, &byte, 1));
  ROW("pread a pipe", pread(ends[1], &byte, 1, 0));
  ROW("fsync -1", fsync(-1));
  ROW("fsync a pipe", fsync(ends[1]));
  ROW("fchdir a file", fchdir(fd));
  ROW("fchdir -1", fchdir(-1));
  ROW("fchmod -1", fchmod(-1, 0600));
  ROW("isatty -1", (isatty(-1), errno == EBADF));
  ROW("isatty a file", (isatty(fd), errno == ENOTTY));
  ROW("pipe with unknown flags", pipe2(ends, O_APPEND | 0x40000000));
  close(fd);
  close(ends[1]);
}

// The path of something in the scratch directory, in one of four buffers, in turn.
static const char *at(const char *name) {
  static char paths[4][1024];
  static unsigned next;
  const char *directory = getenv("TEST_TMPDIR");
  char *path = paths[next++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", directory ? directory : "/tmp", name);
  return path;
}

static void make_names(void) {
  mkdir(at("dir"), 0700);
  mkdir(at("dir/sub"), 0700);
  close(open(at("file"), O_WRONLY | O_CREAT, 0600));
  (void)!symlink("loop", at("loop"));
  (void)!symlink("nothing", at("dangling"));
}

static void remove_names(void) {
  unlink(at("file"));
  unlink(at("loop"));
  unlink(at("dangling"));
  rmdir(at("dir/sub"));
  rmdir(at("dir"));
}

static void rows_of_open(void) {
  char text[8];
  struct stat status;
  ROW("open with no name", open("", O_RDONLY));
  ROW("open what is not there", open(at("none"), O_RDONLY));
  ROW("open below what is not there", open(at("none/x"), O_RDONLY | O_CREAT, 0600));
  ROW("open below a file", open(at("file/x"), O_RDONLY | O_CREAT, 0600));
  ROW("open a file as a directory", open(at("file"), O_RDONLY | O_DIRECTORY));
  ROW("open a file with a slash", open(at("file/"), O_RDONLY));
  ROW("open a directory for writing", open(at("dir"), O_WRONLY));
  ROW("make a directory by open", open(at("new/"), O_WRONLY | O_CREAT, 0600));
  ROW("open a directory to be made", open(at("dir"), O_RDONLY | O_CREAT, 0600));
  ROW("make what is there", open(at("file"), O_RDONLY | O_CREAT | O_EXCL, 0600));
  ROW("make a dangling link", open(at("dangling"), O_RDONLY | O_CREAT | O_EXCL, 0600));
  ROW("open a dangling link", open(at("dangling"), O_RDONLY));
  ROW("open a link itself", open(at("dangling"), O_RDONLY | O_NOFOLLOW));
  ROW("open a loop", open(at("loop"), O_RDONLY));
  ROW("open below a loop", open(at("loop/x"), O_RDONLY));
  ROW("stat a loop", stat(at("loop"), &status));
  ROW("lstat a loop", lstat(at("loop"), &status));
  ROW("read a link that is none", readlink(at("file"), text, sizeof text));
  ROW("read a link into nothing", readlink(at("loop"), text, 0));
  ROW("read a link in part", readlink(at("dangling"), text, 3));
  ROW("access, unknown", access(at("file"), 64));
  ROW("access what is not there", access(at("none"), F_OK));
  ROW("execute what is no program", access(at("file"), X_OK));
}

static void rows_of_names(void) {
  char longest[300];
  memset(longest, 'n', sizeof longest);
  longest[256] = 0;
  ROW("a long name", open(at(longest), O_RDONLY));
  ROW("make a directory that is there", mkdir(at("dir"), 0700));
  ROW("make a directory over a file", mkdir(at("file"), 0700));
  ROW("make a directory over a dangling link", mkdir(at("dangling"), 0700));
  ROW("make a directory below nothing", mkdir(at("none/x"), 0700));
  ROW("make a directory with no name", mkdir("", 0700));
  ROW("make the root", mkdir("/", 0700));
  ROW("remove a directory that is not empty", rmdir(at("dir")) != 0);
  ROW("remove a file as a directory", rmdir(at("file")));
  ROW("remove this directory", rmdir(at("dir/sub/.")));
  ROW("remove the directory above", rmdir(at("dir/sub/..")) != 0);
  ROW("unlink a directory", unlink(at("dir")));
  ROW("unlink what is not there", unlink(at("none")));
  ROW("unlink a file with a slash", unlink(at("file/")));
  ROW("link a directory", link(at("dir"), at("x")));
  ROW("link over a file", link(at("file"), at("dangling")));
  ROW("link what is not there", link(at("none"), at("x")));
  ROW("symlink over a file", symlink("x", at("file")));
  ROW("symlink without text", symlink("", at("x")));
  ROW("symlink below a file", symlink("x", at("file/x")));
  ROW("rename what is not there", rename(at("none"), at("x")));
  ROW("rename a directory into itself", rename(at("dir"), at("dir/sub/x")));
  ROW("rename a directory over a file", rename(at("dir"), at("file")));
  ROW("rename a file over a directory", rename(at("file"), at("dir/sub")));
  ROW("rename over what is not empty", rename(at("dir/sub"), at("dir")) != 0);
  ROW("rename to itself", rename(at("file"), at("file")));
  ROW("rename to this directory", rename(at("file"), at("dir/.")) != 0);
  ROW("rename with no name", rename("", at("x")));
  ROW("rename a file to a name with a slash", rename(at("file"), at("x/")));
  ROW("chdir to a file", chdir(at("file")));
  ROW("chdir to nothing", chdir(""));
  ROW("chmod what is not there", chmod(at("none"), 0600));
  ROW("mknod of an unknown type", mknod(at("x"), 0170000, 0));
  ROW("mkfifo over a file", mkfifo(at("file"), 0600));
  ROW("truncate a directory", truncate(at("dir"), 0));
}

void errors_names(void) {
  make_names();
  rows_of_open();
  rows_of_names();
  remove_names();
}

void errors_processes(void) {
  int status;
  ROW("wait for nobody", wait(&status));
  ROW("wait for who is no child", waitpid(0x3fffffff, &status, 0));
  ROW("wait with unknown options", waitpid(-1, &status, 0x1000));
  ROW("wait for an own group", waitpid(0, &status, WNOHANG));
  ROW("group of who is not there", setpgid(0x3fffffff, 0));
  ROW("group of a negative number", setpgid(0, -1));
  ROW("execute what is not there", execv("/no/such/file", (char *[]){NULL}));
  ROW("execute a directory", execv("/", (char *[]){NULL}));
}
