// What the kernel tells the first process, at BOOT_INFO. All frame numbers are physical address
// >> PAGE_SHIFT.
#ifndef ABI_BOOT_H
#define ABI_BOOT_H

#include <stdint.h>

#define BOOT_MAGIC 0x6572697571ull  // "quire"

struct boot_range {
  uint32_t first;
  uint32_t count;
};

struct boot_info {
  uint64_t magic;
  struct boot_range ram;      // all of it; the board and the frame table have an entry for each
  struct boot_range kernel;   // firmware, kernel, frame table, board, boot objects: none is in
                              // the window; but for objects and below, never free
  struct boot_range objects;  // frames of type object, for the first SYS_CREATE and SYS_FUND
  struct boot_range below;    // more of them, between firmware and kernel; may be none
  struct boot_range image;    // the first process's own image, stack and tables
  struct boot_range archive;  // boot archive (ustar); free for use once unpacked
  struct boot_range dtb;      // device tree; likewise
  uint64_t archive_bytes;
  uint64_t timebase;  // ticks a second of rdtime
  uint32_t harts;
  uint32_t reserved;
  char command_line[1024];  // /chosen/bootargs
};

#endif
