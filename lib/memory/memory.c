#include "lib/memory/memory.h"

#include <stdint.h>

// May alias whatever is copied.
typedef uint64_t __attribute__((may_alias)) word;

enum { WORD = sizeof(word), BLOCK = 8 * WORD, SMALL = 2 * WORD };

static inline size_t offset_in_word(const void *p) { return (uintptr_t)p % WORD; }

// --- upwards -----------------------------------------------------------------------------------

static inline void bytes_up(uint8_t *to, const uint8_t *from, size_t bytes) {
  for (const uint8_t *end = from + bytes; from < end;) *to++ = *from++;
}

// Whole words, both sides aligned. Returns the bytes copied. The loads of a block come before its
// stores, so `from` may overlap from above.
static inline size_t words_up(uint8_t *to, const uint8_t *from, size_t bytes) {
  word *t = (word *)to;
  const word *f = (const word *)from;
  for (size_t left = bytes; left >= BLOCK; left -= BLOCK, t += 8, f += 8) {
    word a = f[0], b = f[1], c = f[2], d = f[3], e = f[4], g = f[5], h = f[6], i = f[7];
    t[0] = a, t[1] = b, t[2] = c, t[3] = d, t[4] = e, t[5] = g, t[6] = h, t[7] = i;
  }
  for (size_t left = bytes % BLOCK; left >= WORD; left -= WORD) *t++ = *f++;
  return bytes & ~(size_t)(WORD - 1);
}

// The same for a source that is not aligned: each word is put together from two aligned ones. No
// word is read that has no byte of the source; the first and the last may have others, too.
__attribute__((no_sanitize("address"))) static inline size_t shifted_up(uint8_t *to,
                                                                        const uint8_t *from,
                                                                        size_t bytes) {
  unsigned low = 8 * (unsigned)offset_in_word(from);
  unsigned high = 64 - low;
  word *t = (word *)to;
  const word *f = (const word *)(from - offset_in_word(from));
  word carry = *f++ >> low;
  for (size_t left = bytes; left >= WORD; left -= WORD) {
    word next = *f++;
    *t++ = carry | next << high;
    carry = next >> low;
  }
  return bytes & ~(size_t)(WORD - 1);
}

// => from is above `to`, or they do not overlap
static inline void copy_up(uint8_t *to, const uint8_t *from, size_t bytes) {
  if (bytes >= SMALL) {
    size_t head = -(uintptr_t)to % WORD;
    bytes_up(to, from, head);
    to += head;
    from += head;
    bytes -= head;
    size_t done =
        offset_in_word(from) == 0 ? words_up(to, from, bytes) : shifted_up(to, from, bytes);
    to += done;
    from += done;
    bytes -= done;
  }
  bytes_up(to, from, bytes);
}

// --- downwards ---------------------------------------------------------------------------------

// => from is below `to`; both point behind the last byte
static inline void copy_down(uint8_t *to, const uint8_t *from, size_t bytes) {
  if (offset_in_word(to) == offset_in_word(from)) {
    for (; bytes > 0 && offset_in_word(to) != 0; bytes--) *--to = *--from;
    for (; bytes >= WORD; bytes -= WORD) {
      to -= WORD;
      from -= WORD;
      *(word *)to = *(const word *)from;
    }
  }
  while (bytes-- > 0) *--to = *--from;
}

// -----------------------------------------------------------------------------------------------

void *memory_copy(void *restrict to, const void *restrict from, size_t bytes) {
  copy_up(to, from, bytes);
  return to;
}

void *memory_move(void *to, const void *from, size_t bytes) {
  // A distance of at least `bytes`, also where `to` is below and the difference wraps.
  if ((uintptr_t)to - (uintptr_t)from >= bytes) {
    copy_up(to, from, bytes);
  } else {
    copy_down((uint8_t *)to + bytes, (const uint8_t *)from + bytes, bytes);
  }
  return to;
}

void *memory_set(void *to, int byte, size_t bytes) {
  uint8_t *t = to;
  uint8_t *end = t + bytes;
  if (bytes >= SMALL) {
    word fill = (uint8_t)byte * 0x0101010101010101u;
    while (offset_in_word(t) != 0) *t++ = (uint8_t)byte;
    for (; end - t >= BLOCK; t += BLOCK) {
      word *w = (word *)t;
      w[0] = w[1] = w[2] = w[3] = w[4] = w[5] = w[6] = w[7] = fill;
    }
    for (; end - t >= WORD; t += WORD) *(word *)t = fill;
  }
  while (t < end) *t++ = (uint8_t)byte;
  return to;
}

int memory_compare(const void *a, const void *b, size_t bytes) {
  const uint8_t *p = a;
  const uint8_t *q = b;
  const uint8_t *end = p + bytes;
  if (bytes >= SMALL && offset_in_word(p) == offset_in_word(q)) {
    while (offset_in_word(p) != 0 && *p == *q) p++, q++;
    if (offset_in_word(p) == 0) {
      while (end - p >= WORD && *(const word *)p == *(const word *)q) p += WORD, q += WORD;
    }
  }
  for (; p < end; p++, q++) {
    if (*p != *q) return *p - *q;
  }
  return 0;
}
