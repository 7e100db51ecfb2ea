// What Quire tells beyond POSIX: the pager's counts and the list of processes.
// All functions return 0 or a count, or -1 with errno.
#ifndef LIBSYS_QUIRE_H
#define LIBSYS_QUIRE_H

#include <stdint.h>

#include "protocols/pager.h"
#include "protocols/pager_options.h"
#include "protocols/proc.h"

// Of the whole system, since boot.
int quire_counts(struct pager_counts *counts);

// Of the process in `slot` (struct proc_entry), 0: the caller. ESRCH
int quire_space_counts(uint32_t slot, struct pager_space_counts *counts);

// The value of an option of the pager. -1 and EINVAL if there is no such option
int64_t quire_option(enum pager_option option);
// Sets it; returns the value so far. EINVAL: there is no such option, or not with this value
int64_t quire_set_option(enum pager_option option, uint32_t value);

// Up to `capacity` processes by ascending slot, beginning with *slot, which moves behind the last
// one given. Returns how many; 0 behind the last.
int quire_processes(uint32_t *slot, struct proc_entry *entries, uint32_t capacity);

// Ends all programs, writes everything to disk and switches the machine off with `status`
// (0..255). Does not return, unless it is refused.
int quire_poweroff(int status);

#endif
