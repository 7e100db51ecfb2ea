// Last words of a server: text on the firmware's console, by way of HANDLE_KERNEL. For crash
// records, not for messages to users: slow, and mixed with whatever else is written.
//
// Formats: %s %c %d %u %x %%, and %ld %lu %lx for 64 bits.
#ifndef LIBSYS_SERVER_RT_PANIC_H
#define LIBSYS_SERVER_RT_PANIC_H

__attribute__((format(printf, 1, 2))) void debug_print(const char *format, ...);

// Our own invariant is broken: prints and powers the machine off with PANIC_STATUS. A server
// whose HANDLE_KERNEL lacks the right to do that raises an exception instead, so that proc does.
#define PANIC_STATUS 70
__attribute__((noreturn, cold, format(printf, 1, 2))) void panic(const char *format, ...);

#endif
