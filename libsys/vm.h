// Virtual memory primitives for user programs, by the names of A. Appel and K. Li (Virtual Memory
// Primitives for User Programs, ASPLOS 1991, section 2), on the calls of POSIX and one of the
// pager. Garbage collectors, checkpoints, shared virtual memory and the like are made of them.
//
//   primitive  costs                                                     in bench/rows.csv
//   TRAP       a fault, a signal of two kernel entries, the way back     sigsegv
//   PROT1      one call, one shoot-down                                  appel_li_trap
//   PROTN      one call and one shoot-down for each run of pages         appel_li_protn
//   UNPROT     one call                                                  appel_li_trap
//   DIRTY      one call, one shoot-down, for up to VM_DIRTY_PAGES pages
//   MAP2       one call
//
// Addresses are those of pages, lengths multiples of the page size. Functions return 0, or -1 with
// errno. They may be called by handlers.
#ifndef LIBSYS_VM_H
#define LIBSYS_VM_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VM_TRAPS 16u  // ranges that can be trapped at a time
#define VM_DIRTY_PAGES 3584u

// Called for an access that the rights of the page refuse, in the thread that made it; when it
// returns, the access is tried again. It may leave by siglongjmp. `address` is exact.
typedef void vm_handler(void *address, void *context);

// TRAP: handles faults in [start, start + length) from now on; with NULL no more. It takes SIGSEGV:
// faults elsewhere end the program as ever. EINVAL; ENOSPC: VM_TRAPS ranges are trapped
int vm_trap(void *start, size_t length, vm_handler *handler, void *context);

// PROT1: fewer rights (PROT_*) for a page.
int vm_prot1(void *page, int prot);
// PROTN: for pages[0..count), ascending. Those that adjoin are one call.
int vm_protn(void *const *pages, size_t count, int prot);
// UNPROT: reading and writing of a page are allowed again.
int vm_unprot(void *page);
// DIRTY: which pages of [start, start + length) were written to since this was last asked: at most
// `most` of them in pages[]; the others count as asked, too. Misses none; may tell pages that were
// not written to if they are a forked relative's, too, a file's, or part of one of 2 MiB
// (docs/memory_calls.md). Returns how many there are. EINVAL ENOMEM
long vm_dirty(void *start, size_t length, void **pages, size_t most);
// MAP2: the same pages at a second address, with their own rights. => [start, start + length) is of
// one shared mapping. MAP_FAILED on error.
void *vm_map2(void *start, size_t length, int prot);

#ifdef __cplusplus
}
#endif

#endif
