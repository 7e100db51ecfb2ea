#include "lib/swap/swap_header.h"

#include <errno.h>
#include <string.h>

_Static_assert(sizeof(struct swap_header) == 4096, "one page");

int swap_header_check(const struct swap_header *header, uint64_t pages) {
  if (memcmp(header->signature, SWAP_SIGNATURE, sizeof(header->signature)) != 0) return -EINVAL;
  if (header->version != 1) return -EINVAL;
  if (header->last_page == 0 || header->last_page >= pages) return -EINVAL;
  if (header->bad_pages > SWAP_BAD_PAGES_MAX || header->bad_pages >= header->last_page) {
    return -EINVAL;
  }
  for (uint32_t i = 0; i < header->bad_pages; i++) {
    if (header->bad_page[i] == 0 || header->bad_page[i] > header->last_page) return -EINVAL;
  }
  return 0;
}
