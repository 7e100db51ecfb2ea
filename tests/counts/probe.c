#include "tests/counts/probe.h"

#include <sys/mman.h>

struct probe *probe;

static void take(void) {
  quire_counts(&probe->system_before);
  quire_space_counts(0, &probe->before);
}

void probe_end(void) {
  quire_space_counts(0, &probe->after);
  quire_counts(&probe->system_after);
}

void probe_begin(void) {
  if (!probe) {
    probe = mmap(NULL, sizeof *probe, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  }
  take();
  probe_end();
  take();
}

bool map_area(struct area *area, size_t pages) {
  area->bytes = pages * PAGE + LEAF;
  area->whole = mmap(NULL, area->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  area->start = (char *)(((uintptr_t)area->whole + LEAF - 1) & ~(LEAF - 1));
  return area->whole != MAP_FAILED;
}

void unmap_area(const struct area *area) { munmap(area->whole, area->bytes); }

void write_pages(char *memory, int count, int stride) {
  for (int i = 0; i < count; ++i) *(volatile char *)(memory + (size_t)(i * stride) * PAGE) = 1;
}

int read_pages(const char *memory, int count, int stride) {
  int sum = 0;
  for (int i = 0; i < count; ++i) {
    sum += *(const volatile char *)(memory + (size_t)(i * stride) * PAGE);
  }
  return sum;
}
