// Calls to console: the terminal. fs forwards readers and writers of /dev/console here (via
// VIA_FS), with the data in their message page; proc writes its own messages (via VIA_PROC).
#ifndef PROTOCOLS_CONSOLE_H
#define PROTOCOLS_CONSOLE_H

#include <stdint.h>

enum console_op {
  CONSOLE_WRITE = 1,  // (length): message page of the origin -> bytes. IMMEDIATE
  CONSOLE_READ = 2,   // (length) -> bytes, 0 at end of input (Ctrl-D). DEFERRED
  CONSOLE_MODE = 3,   // (CONSOLE_CANONICAL | CONSOLE_ECHO | CONSOLE_SIGNALS, or -1 to ask) -> mode
  CONSOLE_EXITED = 4,  // from proc (via VIA_PROC): (badge): its unfinished line is written out,
                       // its reads forgotten. IMMEDIATE
  CONSOLE_FLUSH = 5,   // all output is out. IMMEDIATE
};

enum { CONSOLE_CANONICAL = 1, CONSOLE_ECHO = 2, CONSOLE_SIGNALS = 4 };

#endif
