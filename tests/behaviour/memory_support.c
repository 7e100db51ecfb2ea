#define _GNU_SOURCE
#include "tests/behaviour/memory_support.h"

#include "tests/behaviour/support.h"

char *written(size_t pages, int flags) {
  char *area = mmap(NULL, (pages + 2) * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
  if (area == MAP_FAILED) return NULL;
  munmap(area, PAGE);
  munmap(area + (pages + 1) * PAGE, PAGE);
  for (size_t i = 0; i < pages; ++i) memset(area + (i + 1) * PAGE, (int)(i + 1), PAGE);
  return area + PAGE;
}

int is_written(const char *memory, size_t pages, int first) {
  for (size_t i = 0; i < pages; ++i) {
    if (memory[i * PAGE] != first + (int)i || memory[i * PAGE + PAGE - 1] != first + (int)i)
      return 0;
  }
  return 1;
}

int is_zero(const char *memory, size_t pages) {
  for (size_t i = 0; i < pages * PAGE; i += 8) {
    if (memory[i]) return 0;
  }
  return 1;
}

char *hole(size_t pages) {
  char *area = mmap(NULL, pages * PAGE, PROT_NONE, ANONYMOUS, -1, 0);
  if (area == MAP_FAILED) return NULL;
  munmap(area, pages * PAGE);
  return area;
}

int dies_reading(char *address) { return killed_by(in_child(read_byte, address), SIGSEGV); }

int dies_writing(char *address) { return killed_by(in_child(write_byte, address), SIGSEGV); }
