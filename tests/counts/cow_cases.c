// fork shares pages until somebody writes to them.
#include <sys/wait.h>
#include <unistd.h>

#include "tests/counts/probe.h"

// Runs in a child: what it does is counted in the probe. Returns whether the child ended well.
static bool count_in_child(void (*function)(char *), char *memory) {
  int status;
  probe_begin();
  pid_t child = fork();
  if (child == 0) {
    probe_begin();  // touches the stack and the probe as well
    function(memory);
    probe_end();
    _exit(0);
  }
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void write_ten(char *memory) { write_pages(memory, 10, 10); }

static void read_hundred(char *memory) { read_pages(memory, 100, 10); }

static void do_nothing(char *memory) { (void)memory; }

CASE(CopyOnWrite, ForkAloneCopiesNothing) {
  struct area area;
  CHECK(map_area(&area, 1000));
  write_pages(area.start, 100, 10);
  CHECK(count_in_child(do_nothing, area.start));
  CHECK_COUNTS(0, 0, 0);
  unmap_area(&area);
}

CASE(CopyOnWrite, ChildCopiesWhatItWrites) {
  struct area area;
  CHECK(map_area(&area, 1000));
  write_pages(area.start, 100, 10);
  CHECK(count_in_child(write_ten, area.start));
  CHECK_COUNTS(10, 0, 10);
  CHECK_EQ(SYSTEM(faults_cow_copy), 10);
  unmap_area(&area);
}

CASE(CopyOnWrite, ReadingCopiesNothing) {
  struct area area;
  CHECK(map_area(&area, 1000));
  write_pages(area.start, 100, 10);
  CHECK(count_in_child(read_hundred, area.start));
  CHECK_EQ(OWN(zeroed), 0);
  CHECK_EQ(OWN(copied), 0);
  unmap_area(&area);
}

CASE(CopyOnWrite, LastOwnerDoesNotCopy) {
  struct area area;
  CHECK(map_area(&area, 1000));
  write_pages(area.start, 100, 10);
  CHECK(count_in_child(do_nothing, area.start));
  probe_begin();
  write_pages(area.start, 100, 10);
  probe_end();
  CHECK_COUNTS(100, 0, 0);
  CHECK_EQ(SYSTEM(faults_cow_reuse), 100);
  probe_begin();
  write_pages(area.start, 100, 10);
  probe_end();
  CHECK_COUNTS(0, 0, 0);
  unmap_area(&area);
}

CASE(CopyOnWrite, OneCopyForTwoOwners) {
  struct area area;
  int go[2], status;
  char byte;
  CHECK(map_area(&area, 1000));
  write_pages(area.start, 100, 10);
  CHECK_EQ(pipe(go), 0);
  probe_begin();
  pid_t child = fork();
  if (child == 0) {
    close(go[1]);
    write_pages(area.start, 10, 10);
    _exit(read(go[0], &byte, 1) != 1);  // lives on while its parent writes
  }
  usleep(10000);
  probe_begin();
  write_pages(area.start, 10, 10);
  probe_end();
  CHECK_EQ(write(go[1], "x", 1), 1);
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  CHECK_COUNTS(10, 0, 0);
  close(go[0]);
  close(go[1]);
  unmap_area(&area);
}

CASE(CopyOnWrite, ForksLeaveNothingBehind) {
  struct area area;
  CHECK(map_area(&area, 1000));
  write_pages(area.start, 100, 10);
  CHECK(count_in_child(write_ten, area.start));
  quire_counts(&probe->system_before);
  uint64_t before = probe->system_before.frames_free;
  for (int i = 0; i < 20; ++i) CHECK(count_in_child(write_ten, area.start));
  quire_counts(&probe->system_after);
  CHECK_EQ(probe->system_after.frames_free, before);
  unmap_area(&area);
}
