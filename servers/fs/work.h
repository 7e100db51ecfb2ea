// Work for fibers: operations that may have to wait for the disk, queued while no fiber is free.
//
// Page requests come before calls, and some fibers are kept for them: a call may wait until page
// requests are done, a page request never waits for a call.
#ifndef SERVERS_FS_WORK_H_
#define SERVERS_FS_WORK_H_

#include <stdbool.h>

enum work_class {
  WORK_CALL = 0,
  WORK_PAGES = 1,
  WORK_CLASSES = 2,
};

// Embedded in what it is about; free again when `run` is called.
struct work {
  struct work *next;
  void (*run)(struct work *work);
};

// Has work->run called in a fiber. => `work` is not queued.
void work_submit(struct work *work, enum work_class kind);

#endif  // SERVERS_FS_WORK_H_
