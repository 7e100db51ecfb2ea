// The line that says why a program died.
#ifndef SERVERS_PROC_LAST_WORDS_H
#define SERVERS_PROC_LAST_WORDS_H

#include <stddef.h>
#include <stdint.h>

#define LAST_WORDS_MAX 192u

// Both write one line with its newline, at most LAST_WORDS_MAX bytes, no terminating 0. => bytes

// A page fault that could not be served; arguments as of PROC_FAULT.
size_t last_words_of_fault(char *text, const char *name, uint32_t pid, int signal, uint64_t address,
                           uint64_t pc, uint64_t access, uint64_t reason);

// Memory is full and the program, the largest with `kib` KiB, has to go.
size_t last_words_of_memory(char *text, const char *name, uint32_t pid, uint64_t kib);

// Another exception; words as of EVENT_EXCEPTION.
size_t last_words_of_exception(char *text, const char *name, uint32_t pid, uint64_t scause,
                               uint64_t stval, uint64_t pc);

#endif
