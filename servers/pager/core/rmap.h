// From a page to what maps it and what names it, by its key: family and page number, or object and
// index. The cost of each call grows with the number of spaces of the family, or of regions of the
// object, and with nothing else.
#ifndef SERVERS_PAGER_CORE_RMAP_H
#define SERVERS_PAGER_CORE_RMAP_H

#include <stdbool.h>
#include <stdint.h>

struct page;
struct pager;

// Moves accessed and dirty bits to the board, of the aligned 64 pages around this one.
void rmap_harvest(struct pager *pager, const struct page *page);
// Takes all mappings of count <= NODE_WAYS pages with adjacent keys away; their bits are on the
// board.
void rmap_unmap(struct pager *pager, const struct page *first, uint32_t count);
// Whether it is to stay in memory (REGION_LOCKED).
bool rmap_is_locked(struct pager *pager, const struct page *page);
// Replaces what entries of leaves at the page's key name; FRAME_NONE: nothing. Returns how many
// did.
// => PAGE_ANONYMOUS, PAGE_SHARED_MEMORY or PAGE_SWAPPING
uint32_t rmap_replace(struct pager *pager, const struct page *page, uint32_t from, uint32_t to);

#endif
