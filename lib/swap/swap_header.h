// The first page of a swap area as mkswap of util-linux makes it: version 1, pages of 4 KiB,
// signature SWAPSPACE2 (union swap_header of Linux' include/linux/swap.h).
#ifndef LIB_SWAP_SWAP_HEADER_H
#define LIB_SWAP_SWAP_HEADER_H

#include <stdint.h>

enum { SWAP_BAD_PAGES_MAX = 637 };

struct swap_header {
  uint8_t boot[1024];
  uint32_t version;
  uint32_t last_page;
  uint32_t bad_pages;
  uint8_t uuid[16];
  char label[16];
  uint32_t padding[117];
  uint32_t bad_page[SWAP_BAD_PAGES_MAX];
  uint8_t unused[2];
  char signature[10];  // of the page
} __attribute__((packed));

#define SWAP_SIGNATURE "SWAPSPACE2"

// Checks a header of an area of `pages` pages, itself included.
// => 0; -EINVAL: it is no swap area, or of another version or byte order; one that is said to be
// longer than it is; without a page for data; with wrong numbers of bad pages.
int swap_header_check(const struct swap_header *header, uint64_t pages);

#endif
