// Zeroing and copying through the window with plain 8-byte stores.
#ifndef SERVERS_PAGER_CORE_PAGE_OPS_H
#define SERVERS_PAGER_CORE_PAGE_OPS_H

#include <stddef.h>
#include <stdint.h>

void page_zero(void *page);
// => different pages
void page_copy(void *to, const void *from);
// 256 bytes. => different ones, both aligned to 8
void block_copy(void *to, const void *from);
// Any bytes; the ranges may overlap.
void bytes_copy(void *to, const void *from, size_t bytes);
void bytes_zero(void *to, size_t bytes);

#endif
