// Mappings that are brought up to the rights of their regions.
#ifndef SERVERS_PAGER_CORE_PROTECT_H
#define SERVERS_PAGER_CORE_PROTECT_H

#include <stdint.h>

struct pager;
struct space;

// Enters the pages of a range that this space alone has with all rights of their regions, so that
// no fault is needed. Nothing for large ranges.
void space_enter_owned(struct pager *pager, struct space *space, uint32_t start, uint32_t end);

// Gives [start, end) of a region other rights, cutting and joining as needed, but for the mappings.
// => two regions are reserved
void protect_part(struct pager *pager, struct space *space, uint32_t start, uint32_t end,
                  uint32_t prot);

#endif
