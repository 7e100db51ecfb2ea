#include "servers/pager/core/options.h"

#include "servers/pager/core/evict.h"
#include "servers/pager/core/state.h"

static const struct {
  const char *name;
  uint32_t least, greatest, initial;
} kOption[] = {
#define ROW(number, name, least, greatest, initial) [number] = {name, least, greatest, initial},
    PAGER_OPTIONS(ROW)
#undef ROW
};

static const char *const kPolicy[] = {
#define NAME(number, name) [number] = name,
    PAGER_POLICIES(NAME)
#undef NAME
};

// The greatest power of two that is not above the value. => value > 0
static uint32_t power_below(uint32_t value) {
  uint32_t power = 1;
  while (2 * power <= value) power *= 2;
  return power;
}

static void drop_caches(struct pager *pager) {
  for (uint32_t frame = pager->ram_first; frame < pager->ram_end; frame++) {
    struct page *page = page_of(pager, frame);
    if (page->state == PAGE_CACHED) evict_range(pager, frame, 1);
    if (page->state == PAGE_ANONYMOUS) swap_forget_slot(pager, page);
  }
}

static void set(struct pager *pager, enum pager_option option, uint32_t value) {
  if (option == PAGER_FAULT_AROUND) value = power_below(value);
  pager->option[option] = value;
  if (option == PAGER_POLICY) {
    replacement_choose(&pager->replacement, (enum pager_policy)value);
    evict_keep_ghosts(pager);
  }
  if (option == PAGER_FREE_LOW || option == PAGER_FREE_HIGH) evict_set_limits(pager);
  if (option == PAGER_RANDOM_SEED) replacement_seed(&pager->replacement, value);
  if (option == PAGER_DIRTY_LIMIT) aging_set_limit(pager);
  if (option == PAGER_DROP_CACHES && value == 1) drop_caches(pager);
  if (option == PAGER_DIRTY_AGE) aging_age_changed(pager);
}

void options_init(struct pager *pager) {
  for (uint32_t i = 0; i < PAGER_OPTION_COUNT; i++) {
    set(pager, (enum pager_option)i, kOption[i].initial);
  }
}

int64_t pager_option(struct pager *pager, uint64_t option, uint64_t value) {
  if (option >= PAGER_OPTION_COUNT) return -EINVAL;
  int64_t old = pager->option[option];
  if (value == PAGER_OPTION_ASK) return old;
  if (value < kOption[option].least || value > kOption[option].greatest) return -EINVAL;
  set(pager, (enum pager_option)option, (uint32_t)value);
  return old;
}

static bool equal(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

// Decimal digits and nothing else; PAGER_OPTION_ASK, which no option has, if it is not a number.
static uint64_t number_of(const char *text) {
  uint64_t value = 0;
  const char *at = text;
  for (; *at >= '0' && *at <= '9' && value <= UINT32_MAX; at++) {
    value = 10 * value + (uint64_t)(*at - '0');
  }
  return at == text || *at ? PAGER_OPTION_ASK : value;
}

static uint64_t policy_number(const char *name) {
  for (uint32_t i = 0; i < PAGER_POLICY_COUNT; i++) {
    if (equal(kPolicy[i], name)) return i;
  }
  return number_of(name);
}

bool pager_option_word(struct pager *pager, const char *name, const char *value) {
  for (uint32_t i = 0; i < PAGER_OPTION_COUNT; i++) {
    if (!equal(kOption[i].name, name)) continue;
    uint64_t number = i == PAGER_POLICY ? policy_number(value) : number_of(value);
    return number != PAGER_OPTION_ASK && pager_option(pager, i, number) >= 0;
  }
  return false;
}
