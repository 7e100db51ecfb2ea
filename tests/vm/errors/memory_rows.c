// mmap, munmap, mprotect, msync, brk.
#define _GNU_SOURCE

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/vm/errors/errors.h"

#define RW (PROT_READ | PROT_WRITE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)
#define SHARED (MAP_SHARED | MAP_ANONYMOUS)

// A mapping that succeeds goes again.
static void map_row(const char *text, void *address, size_t length, int prot, int flags, int fd,
                    off_t offset) {
  errno = 0;
  void *memory = mmap(address, length, prot, flags, fd, offset);
  errors_row(text, (long)memory);
  if (memory != MAP_FAILED) munmap(memory, length);
}

void errors_mmap(void) {
  char *memory = errors_memory(4);
  map_row("length 0", NULL, 0, RW, PRIVATE, -1, 0);
  map_row("length 0, fixed", memory, 0, RW, PRIVATE | MAP_FIXED, -1, 0);
  map_row("length 1", NULL, 1, RW, PRIVATE, -1, 0);
  map_row("endless", NULL, ENDLESS, RW, PRIVATE, -1, 0);
  map_row("endless, shared", NULL, ENDLESS, RW, SHARED, -1, 0);
  map_row("endless, no reserve", NULL, ENDLESS, RW, PRIVATE | MAP_NORESERVE, -1, 0);
  map_row("length wraps when rounded", NULL, SIZE_MAX, RW, PRIVATE, -1, 0);
  map_row("length wraps", NULL, WRAPS, RW, PRIVATE, -1, 0);
  map_row("half of all addresses", NULL, 1ul << 63, RW, PRIVATE, -1, 0);
  map_row("neither shared nor private", NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0);
  map_row("shared and private", NULL, PAGE, RW, MAP_SHARED | PRIVATE, -1, 0);
  map_row("no rights", NULL, PAGE, PROT_NONE, PRIVATE, -1, 0);
  map_row("write only", NULL, PAGE, PROT_WRITE, PRIVATE, -1, 0);
  map_row("all rights", NULL, PAGE, RW | PROT_EXEC, PRIVATE, -1, 0);
  map_row("misaligned hint", memory + 1, PAGE, RW, PRIVATE, -1, 0);
  map_row("hint in the kernel", KERNEL, PAGE, RW, PRIVATE, -1, 0);
  map_row("hint at the end", (void *)WRAPS, PAGE, RW, PRIVATE, -1, 0);
  map_row("fixed, misaligned", memory + 1, PAGE, RW, PRIVATE | MAP_FIXED, -1, 0);
  map_row("fixed, in the kernel", KERNEL, PAGE, RW, PRIVATE | MAP_FIXED, -1, 0);
  map_row("fixed, at the end", (void *)WRAPS, PAGE, RW, PRIVATE | MAP_FIXED, -1, 0);
  map_row("fixed, wraps", (void *)WRAPS, 2 * PAGE, RW, PRIVATE | MAP_FIXED, -1, 0);
  map_row("fixed, endless", memory, ENDLESS, RW, PRIVATE | MAP_FIXED, -1, 0);
  int careful = PRIVATE | MAP_FIXED_NOREPLACE;
  map_row("no replace, taken", memory, PAGE, RW, careful, -1, 0);
  map_row("no replace, partly taken", memory - PAGE, 2 * PAGE, RW, careful, -1, 0);
  map_row("no replace, misaligned", memory - 1, PAGE, RW, careful, -1, 0);
  map_row("no replace, free", memory - PAGE, PAGE, RW, careful, -1, 0);
  map_row("offset of anonymous memory", NULL, PAGE, RW, PRIVATE, -1, (off_t)PAGE);
  map_row("misaligned offset of anonymous memory", NULL, PAGE, RW, PRIVATE, -1, 1);
  map_row("descriptor of anonymous memory", NULL, PAGE, RW, PRIVATE, 999, 0);
  map_row("shared memory that grows down", NULL, PAGE, RW, SHARED | MAP_GROWSDOWN, -1, 0);
  map_row("memory that grows down", NULL, PAGE, RW, PRIVATE | MAP_GROWSDOWN, -1, 0);
  errors_memory_free(memory, 4);
}

static void map_device(const char *text, const char *path, int prot, int flags) {
  int fd = open(path, prot & PROT_WRITE ? O_RDWR : O_RDONLY);
  map_row(text, NULL, PAGE, prot, flags, fd, 0);
  close(fd);
}

void errors_mmap_file(void) {
  int rdwr = errors_file(O_RDWR), rdonly = errors_file(O_RDONLY), wronly = errors_file(O_WRONLY);
  int ends[2], directory = open("/", O_RDONLY);
  if (pipe(ends)) return;
  int closed = dup(rdwr);
  close(closed);
  map_row("descriptor -1", NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0);
  map_row("descriptor closed", NULL, PAGE, PROT_READ, MAP_PRIVATE, closed, 0);
  map_row("descriptor enormous", NULL, PAGE, PROT_READ, MAP_PRIVATE, 1 << 30, 0);
  map_row("directory", NULL, PAGE, PROT_READ, MAP_PRIVATE, directory, 0);
  map_row("pipe", NULL, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0);
  map_row("length 0 of a file", NULL, 0, PROT_READ, MAP_PRIVATE, rdwr, 0);
  map_row("neither shared nor private file", NULL, PAGE, PROT_READ, 0, rdwr, 0);
  map_row("misaligned offset", NULL, PAGE, PROT_READ, MAP_PRIVATE, rdwr, 1);
  map_row("negative offset", NULL, PAGE, PROT_READ, MAP_PRIVATE, rdwr, -(off_t)PAGE);
  map_row("endless offset", NULL, PAGE, PROT_READ, MAP_PRIVATE, rdwr, INT64_MAX - (off_t)PAGE + 1);
  map_row("behind the end", NULL, PAGE, PROT_READ, MAP_PRIVATE, rdwr, 100 * (off_t)PAGE);
  map_row("endless file", NULL, ENDLESS, PROT_READ, MAP_PRIVATE, rdwr, 0);
  map_row("shared, write only", NULL, PAGE, PROT_READ, MAP_SHARED, wronly, 0);
  map_row("private, write only", NULL, PAGE, PROT_READ, MAP_PRIVATE, wronly, 0);
  map_row("write only, to be written", NULL, PAGE, PROT_WRITE, MAP_SHARED, wronly, 0);
  map_row("shared, read only, to be written", NULL, PAGE, RW, MAP_SHARED, rdonly, 0);
  map_row("private, read only, to be written", NULL, PAGE, RW, MAP_PRIVATE, rdonly, 0);
  map_row("shared, read only", NULL, PAGE, PROT_READ, MAP_SHARED, rdonly, 0);
  map_row("no rights, write only", NULL, PAGE, PROT_NONE, MAP_SHARED, wronly, 0);
  map_row("private file that grows down", NULL, PAGE, RW, MAP_PRIVATE | MAP_GROWSDOWN, rdwr, 0);
  map_row("shared file that grows down", NULL, PAGE, RW, MAP_SHARED | MAP_GROWSDOWN, rdwr, 0);
  map_device("/dev/zero", "/dev/zero", RW, MAP_PRIVATE);
  map_device("/dev/zero, shared", "/dev/zero", RW, MAP_SHARED);
  map_device("/dev/null", "/dev/null", PROT_READ, MAP_PRIVATE);
  close(rdwr);
  close(rdonly);
  close(wronly);
  close(directory);
  close(ends[0]);
  close(ends[1]);
}

void errors_munmap(void) {
  char *memory = errors_memory_with_hole(4, 1);
  ROW("misaligned", munmap(memory + 1, PAGE));
  ROW("length 0", munmap(memory, 0));
  ROW("length 0, misaligned", munmap(memory + 1, 0));
  ROW("length wraps when rounded", munmap(memory, SIZE_MAX));
  ROW("length wraps", munmap(memory, WRAPS));
  ROW("endless", munmap(memory, ENDLESS));
  ROW("in the kernel", munmap(KERNEL, PAGE));
  ROW("at the end", munmap((void *)WRAPS, PAGE));
  ROW("a hole", munmap(memory + PAGE, PAGE));
  ROW("part of a page", munmap(memory + 3 * PAGE, 1));
  ROW("more than there is", munmap(memory - PAGE, 6 * PAGE));
}

void errors_mprotect(void) {
  char *memory = errors_memory_with_hole(4, 2);
  ROW("misaligned", mprotect(memory + 1, PAGE, PROT_READ));
  ROW("misaligned, length 0", mprotect(memory + 1, 0, PROT_READ));
  ROW("length 0", mprotect(memory, 0, PROT_READ));
  ROW("length 0 of a hole", mprotect(memory + 2 * PAGE, 0, PROT_READ));
  ROW("length 0, in the kernel", mprotect(KERNEL, 0, PROT_READ));
  ROW("part of a page", mprotect(memory, 1, PROT_READ));
  ROW("a hole in the middle", mprotect(memory, 4 * PAGE, PROT_READ));
  ROW("a hole first", mprotect(memory + 2 * PAGE, 2 * PAGE, PROT_READ));
  ROW("a hole last", mprotect(memory + 3 * PAGE, 2 * PAGE, PROT_READ));
  ROW("nothing", mprotect(memory + 2 * PAGE, PAGE, PROT_READ));
  ROW("length wraps when rounded", mprotect(memory, SIZE_MAX, PROT_READ));
  ROW("length wraps", mprotect(memory, WRAPS, PROT_READ));
  ROW("endless", mprotect(memory, ENDLESS, PROT_READ));
  ROW("in the kernel", mprotect(KERNEL, PAGE, PROT_READ));
  ROW("at the end", mprotect((void *)WRAPS, PAGE, PROT_READ));
  ROW("unknown rights", mprotect(memory, PAGE, 0x100));
  ROW("negative rights", mprotect(memory, PAGE, -1));
  errors_memory_free(memory, 4);
  int fd = errors_file(O_RDONLY);
  memory = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
  ROW("write to a file open for reading", mprotect(memory, PAGE, RW));
  ROW("no rights", mprotect(memory, PAGE, PROT_NONE));
  ROW("rights again", mprotect(memory, 2 * PAGE, PROT_READ));
  munmap(memory, 2 * PAGE);
  memory = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
  ROW("private of a file open for reading", mprotect(memory, PAGE, RW));
  munmap(memory, 2 * PAGE);
  close(fd);
}

void errors_msync(void) {
  char *memory = errors_memory_with_hole(4, 2);
  ROW("misaligned", msync(memory + 1, PAGE, MS_SYNC));
  ROW("both ways", msync(memory, PAGE, MS_SYNC | MS_ASYNC));
  ROW("unknown flags", msync(memory, PAGE, 8));
  ROW("no flags", msync(memory, PAGE, 0));
  ROW("all flags", msync(memory, PAGE, 7));
  ROW("length 0", msync(memory, 0, MS_SYNC));
  ROW("length 0 of a hole", msync(memory + 2 * PAGE, 0, MS_SYNC));
  ROW("length 0, misaligned", msync(memory + 1, 0, MS_SYNC));
  ROW("a hole in the middle", msync(memory, 4 * PAGE, MS_SYNC));
  ROW("a hole in the middle, later", msync(memory, 4 * PAGE, MS_ASYNC));
  ROW("a hole first", msync(memory + 2 * PAGE, 2 * PAGE, MS_SYNC));
  ROW("nothing", msync(memory + 2 * PAGE, PAGE, MS_SYNC));
  ROW("length wraps when rounded", msync(memory, SIZE_MAX, MS_SYNC));
  ROW("length wraps", msync(memory, WRAPS, MS_SYNC));
  ROW("endless", msync(memory, ENDLESS, MS_SYNC));
  ROW("in the kernel", msync(KERNEL, PAGE, MS_SYNC));
  ROW("at the end", msync((void *)WRAPS, PAGE, MS_SYNC));
  ROW("invalidate", msync(memory, PAGE, MS_INVALIDATE));
  errors_memory_free(memory, 4);
}

void errors_heap(void) {
  char *start = sbrk(0);
  ROW("no change", sbrk(0) == start);
  ROW("endless", sbrk(1l << 50));
  ROW("most", sbrk(INTPTR_MAX));
  ROW("least", sbrk(INTPTR_MIN));
  ROW("below the start", sbrk(-(1l << 50)));
  ROW("nothing has changed", sbrk(0) == start);
  ROW("brk at 1", brk((void *)1));
  ROW("brk in the kernel", brk(KERNEL));
  ROW("brk where it is", brk(start));
  ROW("nothing has changed by brk", sbrk(0) == start);
}
