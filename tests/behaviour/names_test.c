// Names: links, directories, renaming, and what stat tells.
#include <dirent.h>
#include <limits.h>
#include <sys/time.h>

#include "tests/behaviour/support.h"

#define BAD_FD 50

CASE(Stat, TellsKinds) {
  struct stat status;
  CHECK_EQ(stat("/", &status), 0);
  CHECK(S_ISDIR(status.st_mode));
  CHECK(status.st_nlink >= 2);
  CHECK_EQ(stat("/dev/null", &status), 0);
  CHECK(S_ISCHR(status.st_mode));
  CHECK_ERRNO(stat("/nowhere", &status), ENOENT);
  CHECK_ERRNO(fstat(BAD_FD, &status), EBADF);
}

CASE(Times, CanBeSet) {
  struct stat before, status;
  const struct timeval times[2] = {{1000, 250000}, {1700000000, 0}};
  const struct timeval bad[2] = {{1000, 1000000}, {0, 0}};
  int fd = make_file("times", 1);
  CHECK(fd >= 0);
  const char *path = scratch_path("times");
  CHECK_EQ(fstat(fd, &before), 0);
  CHECK_EQ(utimes(path, times), 0);
  CHECK_EQ(fstat(fd, &status), 0);
  CHECK_EQ(status.st_atime, 1000);
  CHECK_EQ(status.st_mtime, 1700000000);
  CHECK_ERRNO(utimes(path, bad), EINVAL);
  CHECK_ERRNO(utimes("/nowhere", times), ENOENT);
  CHECK_EQ(utimes(path, NULL), 0);
  CHECK_EQ(fstat(fd, &status), 0);
  CHECK(status.st_mtime >= before.st_mtime);
  CHECK_EQ(status.st_mtime, status.st_atime);
  close(fd);
  scratch("times");
}

CASE(Times, MoveWithWrites) {
  struct stat status;
  const struct timeval old[2] = {{1000, 0}, {1000, 0}};
  int fd = make_file("times_write", 1);
  CHECK(fd >= 0);
  CHECK_EQ(utimes(scratch_path("times_write"), old), 0);
  CHECK_EQ(pwrite(fd, "x", 1, 0), 1);
  CHECK_EQ(fstat(fd, &status), 0);
  CHECK(status.st_mtime > 1000);
  close(fd);
  scratch("times_write");
}

CASE(Links, NameTheSameFile) {
  struct stat a, b;
  int fd = make_file("link_a", 10);
  CHECK(fd >= 0);
  const char *from = scratch("link_b"), *to = scratch("link_c");
  int made = open(from, O_CREAT | O_WRONLY, 0600);
  CHECK(made >= 0);
  close(made);
  CHECK_EQ(link(from, to), 0);
  CHECK_EQ(stat(from, &a), 0);
  CHECK_EQ(stat(to, &b), 0);
  CHECK(a.st_ino == b.st_ino);
  CHECK_EQ(a.st_nlink, 2);
  CHECK_ERRNO(link(from, to), EEXIST);
  CHECK_ERRNO(link("/nowhere", to), ENOENT);
  CHECK_EQ(unlink(from), 0);
  CHECK_EQ(stat(to, &b), 0);
  CHECK_EQ(b.st_nlink, 1);
  unlink(to);
  close(fd);
  scratch("link_a");
}

CASE(Symlinks, AreFollowed) {
  char text[64] = {0};
  struct stat status;
  const char *path = scratch("symlink");
  CHECK_EQ(symlink("/dev/null", path), 0);
  CHECK_EQ(lstat(path, &status), 0);
  CHECK(S_ISLNK(status.st_mode));
  CHECK_EQ(status.st_size, 9);
  CHECK_EQ(stat(path, &status), 0);
  CHECK(S_ISCHR(status.st_mode));
  CHECK_EQ(readlink(path, text, sizeof text), 9);
  CHECK_EQ(strcmp(text, "/dev/null"), 0);
  CHECK_EQ(readlink(path, text, 4), 4);
  CHECK_ERRNO(symlink("x", path), EEXIST);
  CHECK_ERRNO(open(path, O_RDONLY | O_NOFOLLOW), ELOOP);
  CHECK_EQ(unlink(path), 0);
  CHECK_ERRNO(readlink("/dev/null", text, sizeof text), EINVAL);
}

CASE(Symlinks, LoopsEnd) {
  const char *a = scratch("loop_a"), *b = scratch("loop_b");
  CHECK_EQ(symlink(a, b), 0);
  CHECK_EQ(symlink(b, a), 0);
  CHECK_ERRNO(open(a, O_RDONLY), ELOOP);
  unlink(a);
  unlink(b);
}

CASE(Rename, MovesAndReplaces) {
  char byte = 0;
  struct stat status;
  int fd = make_file("rename_x", 2 * PAGE);
  CHECK(fd >= 0);
  close(fd);
  char from[300];
  strcpy(from, scratch_path("rename_x"));
  const char *to = scratch("rename_y");
  int old = open(to, O_RDWR | O_CREAT, 0600);
  CHECK(old >= 0);
  CHECK_EQ(write(old, "old", 3), 3);
  CHECK_EQ(rename(from, to), 0);
  CHECK_ERRNO(stat(from, &status), ENOENT);
  CHECK_EQ(stat(to, &status), 0);
  CHECK_EQ(status.st_size, 2 * PAGE);
  // The replaced file lives on as long as it is open.
  CHECK_EQ(pread(old, &byte, 1, 0), 1);
  CHECK_EQ(byte, 'o');
  close(old);
  CHECK_ERRNO(rename(from, to), ENOENT);
  CHECK_EQ(rename(to, to), 0);
  unlink(to);
}

CASE(Rename, KnowsDirectories) {
  const char *a = scratch("rename_da"), *b = scratch("rename_db"), *f = scratch("rename_f");
  char below[300];
  CHECK_EQ(mkdir(a, 0755), 0);
  int fd = open(f, O_CREAT | O_RDWR, 0600);
  CHECK(fd >= 0);
  close(fd);
  CHECK_ERRNO(rename(a, f), ENOTDIR);
  CHECK_ERRNO(rename(f, a), EISDIR);
  snprintf(below, sizeof below, "%s/inside", a);
  CHECK_ERRNO(rename(a, below), EINVAL);
  CHECK_EQ(rename(a, b), 0);
  CHECK_EQ(mkdir(a, 0755), 0);
  CHECK_EQ(rename(f, below), 0);
  CHECK_ERRNO(rename(b, a), ENOTEMPTY);
  unlink(below);
  CHECK_EQ(rename(b, a), 0);
  CHECK_EQ(rmdir(a), 0);
}

CASE(Unlink, OpenFilesLiveOn) {
  char byte = 0;
  int fd = make_file("unlinked", 2 * PAGE);
  CHECK(fd >= 0);
  scratch("unlinked");
  CHECK_EQ(pread(fd, &byte, 1, PAGE), 1);
  CHECK_EQ(byte, 2);
  CHECK_EQ(pwrite(fd, "x", 1, 5 * PAGE), 1);
  CHECK_EQ(pread(fd, &byte, 1, 5 * PAGE), 1);
  CHECK_EQ(byte, 'x');
  struct stat status;
  CHECK_EQ(fstat(fd, &status), 0);
  CHECK_EQ(status.st_nlink, 0);
  close(fd);
}

CASE(Directories, ComeAndGo) {
  char below[300];
  struct stat status;
  const char *path = scratch("directory");
  CHECK_EQ(mkdir(path, 0750), 0);
  CHECK_EQ(stat(path, &status), 0);
  CHECK(S_ISDIR(status.st_mode));
  CHECK_EQ(status.st_mode & 0777, 0750);
  CHECK_EQ(status.st_nlink, 2);
  CHECK_ERRNO(mkdir(path, 0750), EEXIST);
  CHECK_ERRNO(mkdir("/nowhere/x", 0750), ENOENT);
  snprintf(below, sizeof below, "%s/sub", path);
  CHECK_EQ(mkdir(below, 0755), 0);
  CHECK_EQ(stat(path, &status), 0);
  CHECK_EQ(status.st_nlink, 3);
  CHECK_ERRNO(rmdir(path), ENOTEMPTY);
  CHECK(unlink(path) == -1 && (errno == EISDIR || errno == EPERM));
  CHECK_EQ(rmdir(below), 0);
  CHECK_EQ(rmdir(path), 0);
  CHECK_ERRNO(rmdir(path), ENOENT);
}

CASE(Directories, ListTheirEntries) {
  enum { COUNT = 200 };
  char path[300], seen[COUNT] = {0};
  int others = 0;
  const char *directory = scratch("listing");
  CHECK_EQ(mkdir(directory, 0755), 0);
  for (int i = 0; i < COUNT; ++i) {
    snprintf(path, sizeof path, "%s/a_rather_long_name_for_a_file_%d", directory, i);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    CHECK(fd >= 0);
    close(fd);
  }
  DIR *listing = opendir(directory);
  CHECK(listing);
  for (struct dirent *entry; (entry = readdir(listing));) {
    int number;
    if (sscanf(entry->d_name, "a_rather_long_name_for_a_file_%d", &number) == 1) {
      CHECK(number >= 0 && number < COUNT && !seen[number]);
      seen[number] = 1;
    } else {
      CHECK(strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
      ++others;
    }
  }
  CHECK_EQ(others, 2);
  for (int i = 0; i < COUNT; ++i) CHECK(seen[i]);
  rewinddir(listing);
  CHECK(readdir(listing));
  CHECK_EQ(closedir(listing), 0);
  for (int i = 0; i < COUNT; ++i) {
    snprintf(path, sizeof path, "%s/a_rather_long_name_for_a_file_%d", directory, i);
    CHECK_EQ(unlink(path), 0);
  }
  CHECK_EQ(rmdir(directory), 0);
  CHECK(!opendir(directory));
  CHECK_EQ(errno, ENOENT);
}

CASE(Directories, CanBeWorkedIn) {
  char before[PATH_MAX], now[PATH_MAX], below[300];
  struct stat status;
  CHECK(getcwd(before, sizeof before));
  const char *path = scratch("working");
  CHECK_EQ(mkdir(path, 0755), 0);
  CHECK_EQ(chdir(path), 0);
  CHECK(getcwd(now, sizeof now));
  CHECK_EQ(strcmp(strrchr(now, '/'), "/working"), 0);
  int fd = open("relative", O_CREAT | O_WRONLY, 0600);
  CHECK(fd >= 0);
  close(fd);
  snprintf(below, sizeof below, "%s/relative", path);
  CHECK_EQ(stat(below, &status), 0);
  CHECK_EQ(unlink("./../working/relative"), 0);
  CHECK(!getcwd(now, 3));
  CHECK_EQ(errno, ERANGE);
  CHECK_EQ(chdir(".."), 0);
  CHECK_EQ(rmdir("working"), 0);
  CHECK_ERRNO(chdir(path), ENOENT);
  CHECK_ERRNO(chdir("/dev/null"), ENOTDIR);
  CHECK_EQ(chdir(before), 0);
}

CASE(Realpath, ResolvesLinksAndDots) {
  char resolved[PATH_MAX];
  const char *path = scratch("real_link");
  CHECK_EQ(symlink("/dev/../dev", path), 0);
  char below[300];
  snprintf(below, sizeof below, "%s/./null", path);
  CHECK(realpath(below, resolved));
  CHECK_EQ(strcmp(resolved, "/dev/null"), 0);
  CHECK(!realpath("/nowhere/at/all", resolved));
  CHECK_EQ(errno, ENOENT);
  unlink(path);
}

CASE(Access, ChecksRights) {
  int fd = open(scratch("access"), O_CREAT | O_RDWR, 0600);
  CHECK(fd >= 0);
  close(fd);
  char path[300];
  strcpy(path, scratch_path("access"));
  CHECK_EQ(access(path, F_OK), 0);
  CHECK_EQ(access(path, R_OK | W_OK), 0);
  CHECK_ERRNO(access(path, X_OK), EACCES);
  CHECK_EQ(chmod(path, 0700), 0);
  CHECK_EQ(access(path, X_OK), 0);
  CHECK_ERRNO(access("/nowhere", F_OK), ENOENT);
  unlink(path);
}
