// The least number of page-ins for a string of references: L. A. Belady, A study of replacement
// algorithms for a virtual-storage computer, IBM Systems Journal 5 (2), 1966: of the pages in
// memory the one goes that is needed again last.
#ifndef BENCH_POLICY_OPTIMAL_H
#define BENCH_POLICY_OPTIMAL_H

#include <stddef.h>
#include <stdint.h>

#define OPTIMAL_NO_MEMORY UINT64_MAX

// How many of the references trace[from .. count - 1] miss, where memory has `frames` frames, all
// free at trace[0], and a page must be in memory when it is referenced. Time O(count log count).
// => frames > 0, all pages below `pages`, count < UINT32_MAX
uint64_t optimal_misses(const uint32_t *trace, size_t count, size_t from, uint32_t pages,
                        uint32_t frames);

#endif
