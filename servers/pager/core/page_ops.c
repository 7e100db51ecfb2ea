#include "servers/pager/core/page_ops.h"

#include <stdbool.h>

#include "abi/layout.h"

// 256 stores an iteration: 2 iterations a page. The barriers keep the compiler from making a call
// of memset or memcpy out of it.
#define STORE8(p, i) \
  (p)[(i)] = 0;      \
  (p)[(i) + 1] = 0;  \
  (p)[(i) + 2] = 0;  \
  (p)[(i) + 3] = 0;  \
  (p)[(i) + 4] = 0;  \
  (p)[(i) + 5] = 0;  \
  (p)[(i) + 6] = 0;  \
  (p)[(i) + 7] = 0;

#define STORE64(p, i) \
  STORE8(p, (i))      \
  STORE8(p, (i) + 8)  \
  STORE8(p, (i) + 16) \
  STORE8(p, (i) + 24) \
  STORE8(p, (i) + 32) \
  STORE8(p, (i) + 40) \
  STORE8(p, (i) + 48) \
  STORE8(p, (i) + 56)

void page_zero(void *page) {
  uint64_t *to = page;
  const uint64_t *end = to + PAGE_SIZE / sizeof(uint64_t);
  do {
    STORE64(to, 0)
    STORE64(to, 64)
    STORE64(to, 128)
    STORE64(to, 192)
    to += 256;
    __asm__ volatile("" : "+r"(to)::"memory");
  } while (to != end);
}

#define COPY8(t, f, i)                                                                    \
  {                                                                                       \
    uint64_t a = (f)[(i)], b = (f)[(i) + 1], c = (f)[(i) + 2], d = (f)[(i) + 3];          \
    uint64_t e = (f)[(i) + 4], g = (f)[(i) + 5], h = (f)[(i) + 6], j = (f)[(i) + 7];      \
    (t)[(i)] = a, (t)[(i) + 1] = b, (t)[(i) + 2] = c, (t)[(i) + 3] = d, (t)[(i) + 4] = e; \
    (t)[(i) + 5] = g, (t)[(i) + 6] = h, (t)[(i) + 7] = j;                                 \
  }

#define COPY64(t, f, i) \
  COPY8(t, f, (i))      \
  COPY8(t, f, (i) + 8)  \
  COPY8(t, f, (i) + 16) \
  COPY8(t, f, (i) + 24) \
  COPY8(t, f, (i) + 32) \
  COPY8(t, f, (i) + 40) \
  COPY8(t, f, (i) + 48) \
  COPY8(t, f, (i) + 56)

void page_copy(void *to, const void *from) {
  uint64_t *t = to;
  const uint64_t *f = from;
  const uint64_t *end = f + PAGE_SIZE / sizeof(uint64_t);
  do {
    COPY64(t, f, 0)
    COPY64(t, f, 64)
    COPY64(t, f, 128)
    COPY64(t, f, 192)
    t += 256;
    f += 256;
    __asm__ volatile("" : "+r"(t), "+r"(f)::"memory");
  } while (f != end);
}

void block_copy(void *to, const void *from) {
  uint64_t *t = to;
  const uint64_t *f = from;
  COPY8(t, f, 0)
  COPY8(t, f, 8)
  COPY8(t, f, 16)
  COPY8(t, f, 24)
}

static void copy_up(uint8_t *to, const uint8_t *from, size_t bytes) {
  if (((uintptr_t)to & 7) == ((uintptr_t)from & 7)) {
    for (; bytes > 0 && ((uintptr_t)to & 7) != 0; bytes--) *to++ = *from++;
    for (; bytes >= 64; bytes -= 64, to += 64, from += 64) {
      uint64_t *t = (uint64_t *)to;
      const uint64_t *f = (const uint64_t *)from;
      COPY8(t, f, 0)
      __asm__ volatile("" ::: "memory");
    }
    for (; bytes >= 8; bytes -= 8, to += 8, from += 8) *(uint64_t *)to = *(const uint64_t *)from;
  }
  for (; bytes > 0; bytes--) {
    *to++ = *from++;
    __asm__ volatile("" ::: "memory");
  }
}

static void copy_down(uint8_t *to, const uint8_t *from, size_t bytes) {
  while (bytes > 0) {
    bytes--;
    to[bytes] = from[bytes];
    __asm__ volatile("" ::: "memory");
  }
}

void bytes_copy(void *to, const void *from, size_t bytes) {
  uintptr_t ahead = (uintptr_t)to - (uintptr_t)from;
  if (ahead == 0) return;
  if (ahead < bytes) {
    copy_down(to, from, bytes);
  } else if (bytes == PAGE_SIZE && (((uintptr_t)to | (uintptr_t)from) & 7) == 0 &&
             -ahead >= bytes) {
    page_copy(to, from);
  } else {
    copy_up(to, from, bytes);
  }
}

void bytes_zero(void *to, size_t bytes) {
  uint8_t *at = to;
  for (; bytes > 0 && ((uintptr_t)at & 7) != 0; bytes--) *at++ = 0;
  for (; bytes >= 64; bytes -= 64, at += 64) {
    uint64_t *words = (uint64_t *)at;
    STORE8(words, 0)
    __asm__ volatile("" ::: "memory");
  }
  for (; bytes >= 8; bytes -= 8, at += 8) {
    *(uint64_t *)at = 0;
    __asm__ volatile("" ::: "memory");
  }
  for (; bytes > 0; bytes--) {
    *at++ = 0;
    __asm__ volatile("" ::: "memory");
  }
}
