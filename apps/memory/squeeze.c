// A pager that compresses: shows what a program does who provides memory to others. One process is
// the pager of an object and keeps its pages as runs of equal bytes; another one maps the object,
// fills it, has it stored, and looks whether all is there.
#include <errno.h>
#include <fcntl.h>
#include <quire/memory_object.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define PAGES 256u
#define BOUND 2000u  // ms
#define NAME "/squeeze"

// --- the pager ----------------------------------------------------------------------------------

struct run {
  uint16_t length;
  unsigned char byte;
};

static struct run *stored[PAGES];  // each ends when a page is full; NULL: zeros

static int squeeze(uint64_t number, const unsigned char *page) {
  size_t runs = 0;
  struct run *all = malloc(PAGE * sizeof *all);
  if (!all) return ENOMEM;
  for (unsigned at = 0; at < PAGE;) {
    unsigned end = at + 1;
    while (end < PAGE && page[end] == page[at]) end++;
    all[runs++] = (struct run){(uint16_t)(end - at), page[at]};
    at = end;
  }
  free(stored[number]);
  struct run *less = realloc(all, runs * sizeof *all);
  stored[number] = less ? less : all;
  return 0;
}

static void expand(uint64_t number, unsigned char *page) {
  const struct run *run = stored[number];
  if (!run) {
    memset(page, 0, PAGE);
    return;
  }
  for (unsigned at = 0; at < PAGE; at += run++->length) memset(page + at, run->byte, run->length);
}

static int answer(const struct memory_request *request) {
  int error = 0;
  for (uint32_t i = 0; i < request->count && error == 0; i++) {
    unsigned char *page = (unsigned char *)request->data + i * PAGE;
    if (request->op == MEMORY_PAGE_OUT) {
      error = squeeze(request->page + i, page);
    } else {
      expand(request->page + i, page);
    }
  }
  return error;
}

static _Noreturn void provide(int ready) {
  struct memory_request request = {0};
  uint64_t object;
  if (memory_object_create(NAME, PAGES * PAGE, BOUND, &object) < 0) {
    perror("squeeze: " NAME);
    _exit(1);
  }
  if (write(ready, "y", 1) != 1) _exit(1);
  while (memory_object_serve(&request) == 0) request.error = answer(&request);
  perror("squeeze: serve");
  _exit(1);
}

// --- its client ---------------------------------------------------------------------------------

// Word i of page n: long runs, and some pages that are hardly compressible.
static uint32_t pattern(uint32_t n, uint32_t i) {
  return n % 8 ? n * (i / 256) : n * i * 2654435761u;
}

static bool check(void) {
  int fd = shm_open(NAME, O_RDWR, 0);
  if (fd < 0) return false;
  volatile uint32_t *map = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) return false;
  for (uint32_t n = 0; n < PAGES; n++) {
    for (uint32_t i = 0; i < PAGE / 4; i++) map[n * (PAGE / 4) + i] = pattern(n, i);
  }
  if (msync((void *)map, PAGES * PAGE, MS_SYNC)) return false;
  for (uint32_t n = 0; n < PAGES; n++) {
    for (uint32_t i = 0; i < PAGE / 4; i++) {
      if (map[n * (PAGE / 4) + i] != pattern(n, i)) return false;
    }
  }
  return true;
}

int main(void) {
  int ready[2], status = 0;
  char sign;
  if (pipe(ready)) return 1;
  pid_t pager = fork();
  if (pager == 0) provide(ready[1]);
  close(ready[1]);
  if (pager < 0 || read(ready[0], &sign, 1) != 1) return 1;
  bool good = check();
  if (!good) perror("squeeze");
  kill(pager, SIGKILL);
  waitpid(pager, &status, 0);
  shm_unlink(NAME);
  if (good) printf("squeeze: %u pages came back as they were\n", PAGES);
  return good ? 0 : 1;
}
