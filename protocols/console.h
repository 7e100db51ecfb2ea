// Calls to console: the terminal. fs forwards readers and writers of /dev/console here (via
// VIA_FS), with the data in their message page; proc tells about processes (via VIA_PROC). EPERM
// for anybody else, ENOSYS for an unknown operation.
#ifndef PROTOCOLS_CONSOLE_H
#define PROTOCOLS_CONSOLE_H

#include <stdint.h>

enum console_op {
  // From fs: forwarded callers.
  CONSOLE_WRITE = 1,  // (length <= MESSAGE_BYTES): message page of the origin -> length. DEFERRED
                      // while the UART is behind. EINVAL EINTR EAGAIN
  CONSOLE_READ = 2,   // (length) -> bytes, 0 at end of input (Ctrl-D). DEFERRED. EINTR EAGAIN
  // (CONSOLE_CANONICAL | CONSOLE_ECHO | CONSOLE_SIGNALS, or -1 to ask) -> mode. EINVAL
  CONSOLE_MODE = 3,

  // From proc (via VIA_PROC). IMMEDIATE.
  CONSOLE_EXITED = 4,  // (badge): its unfinished line is free for others, its reads are forgotten
  CONSOLE_FLUSH = 5,   // all output is out
  CONSOLE_PUT = 6,     // (bytes <= 32, the bytes in four words): proc's own messages. EINVAL
  CONSOLE_YIELD = 7,   // (badge): it waits for its children: its unfinished line is free for them
  // (badge): it survives Ctrl-C: its read ends with EINTR -> 1; if there is none, its next one
  // does -> 0
  CONSOLE_INTERRUPTED = 8,
  CONSOLE_TAKE_INTERRUPT = 9,  // (badge) -> 1 if its next read was to end so, and now is not; or 0
  // (badge): a signal came for it: its read or write ends with EINTR -> 1; there is none, or the
  // signal has been taken before it -> 0
  CONSOLE_INTERRUPT = 10,
};

enum { CONSOLE_CANONICAL = 1, CONSOLE_ECHO = 2, CONSOLE_SIGNALS = 4 };

#endif
