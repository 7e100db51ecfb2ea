// Least recently used, approximated by ageing: a page has an age of eight bits, shifted right at
// each look, with the accessed bit coming in at the top (Tanenbaum, "Modern Operating Systems").
// Low values are old.
//
// A page goes when its age is below a limit, which follows the pressure: it rises with each look
// that gives nothing and falls with each page that goes, so that on the long run one of LOOKS pages
// looked at goes, whatever the pages do.
#include "servers/pager/core/policy.h"

#define LOOKS 4u
#define STEP 16u  // of pressure, for the limit to double
#define PRESSURE_MAX (8u * STEP)

static uint32_t next(struct replacement *r) { return replacement_first(r, LIST_FIRST); }

static bool judge(struct replacement *r, uint32_t frame, bool accessed) {
  struct page *page = replacement_page(r, frame);
  page->age = (uint8_t)(page->age >> 1 | (accessed ? 0x80 : 0));
  if (page->age >= 1u << r->pressure / STEP) {
    if (r->pressure < PRESSURE_MAX) r->pressure++;
    replacement_move(r, LIST_FIRST, frame);
    return false;
  }
  r->pressure = r->pressure > LOOKS ? r->pressure - LOOKS : 0;
  replacement_remove(r, page);
  return true;
}

const struct policy policy_ageing = {.looks = true, .next = next, .judge = judge};
