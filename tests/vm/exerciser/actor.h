// A process that does what it is told, with memory of its own: a program under test. Commands and
// answers are in a mailbox, memory that the actor and its driver share; a byte through a pipe says
// that there is one. An actor that forks makes another actor.
#ifndef TESTS_VM_EXERCISER_ACTOR_H
#define TESTS_VM_EXERCISER_ACTOR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE 4096u

enum {
  ACTORS_MAX = 6,
  MAILBOX_PAGES = 8,  // of data, at most, in one command
};

enum command_kind {
  DO_MMAP,       // address, length, prot, flags, fd, offset -> value: address
  DO_MUNMAP,     // address, length
  DO_MPROTECT,   // address, length, prot
  DO_MREMAP,     // address, length, new_length, flags, new_address -> value: address
  DO_MSYNC,      // address, length, flags
  DO_MADVISE,    // address, length, flags
  DO_MLOCK,      // address, length
  DO_MUNLOCK,    // address, length
  DO_MINCORE,    // address, length
  DO_BRK,        // address
  DO_PREAD,      // fd, address (0: data), length, offset
  DO_PWRITE,     // the same
  DO_FTRUNCATE,  // fd, offset
  DO_FSYNC,      // fd
  DO_LOAD,       // data = memory at address, length
  DO_STORE,      // memory at address = data, length
  DO_TOUCH,      // reads, or with flags 1 writes, the byte at address, which must fault
  DO_FORK,       // flags: slot of the child -> value: pid
  DO_WAIT,       // offset: pid -> value: wait status
  DO_EXIT,       // flags: status, or TO_BE_KILLED. Once it has answered it takes no more commands
};

enum { TO_BE_KILLED = -1 };

struct command {
  enum command_kind kind;
  int prot, flags, fd;
  uintptr_t address, new_address;
  size_t length, new_length;
  off_t offset;
};

struct answer {
  long value;
  int error;          // errno, if value is -1
  int signal, code;   // of a fault, expected or not; else 0
  uintptr_t address;  // that it reported
};

struct mailbox {
  struct command command;
  struct answer answer;
  uint8_t data[MAILBOX_PAGES * PAGE] __attribute__((aligned(PAGE)));
};

// What connects a driver and its actors; made before the first of them.
struct stage {
  struct mailbox *mailbox;     // ACTORS_MAX
  int command[ACTORS_MAX][2];  // pipes
  int answer[2];               // one for all: only one actor is at work at a time
};

// Runs as the actor of this slot until it is told to end, or the driver has ended.
void actor_run(struct stage *stage, int slot) __attribute__((noreturn));

#endif
