// posix_spawn leaves its caller's memory alone, and nothing behind.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/counts/probe.h"

#define SPAWNS 300

static bool spawn_and_wait(void) {
  char *argv[] = {"true", NULL};
  pid_t pid;
  int status;
  return posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ) == 0 &&
         waitpid(pid, &status, 0) == pid && status == 0;
}

CASE(Spawn, CopiesAndProtectsNothing) {
  struct area area;
  CHECK(map_area(&area, 1000));
  write_pages(area.start, 1000, 1);
  CHECK(spawn_and_wait());
  probe_begin();
  bool good = spawn_and_wait();
  write_pages(area.start, 1000, 1);
  probe_end();
  CHECK(good);
  CHECK_COUNTS(0, 0, 0);
  CHECK_EQ(SYSTEM(forks), 0);
  CHECK_EQ(SYSTEM(execs), 1);
  unmap_area(&area);
}

CASE(Spawn, LeavesNoFrameBehind) {
  for (int i = 0; i < 10; ++i) CHECK(spawn_and_wait());
  probe_begin();
  bool good = true;
  for (int i = 0; i < SPAWNS; ++i) good &= spawn_and_wait();
  probe_end();
  CHECK(good);
  CHECK_EQ(SYSTEM(execs), SPAWNS);
  CHECK_EQ(SYSTEM(frames_free), 0);
  CHECK_EQ(SYSTEM(frames_anonymous), 0);
  CHECK_EQ(SYSTEM(frames_kernel), 0);
}
