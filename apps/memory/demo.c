// A walk through what the pager does, with its counts beside each step.
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/layout.h"
#include "apps/coreutils/common.h"
#include "libsys/quire.h"

const char program_name[] = "demo";
const char program_help[] =
    "usage: demo [-i]\n"
    "Shows lazy allocation, copy on write and a mapped file, with the page faults, zeroed and\n"
    "copied pages that each step costs. -i: waits for Enter before each step.\n";

#define PAGES 1000
#define TOUCHED 100
#define STRIDE (PAGES / TOUCHED)
#define WRITTEN 10
#define FILE_PAGES 8
#define FILE_NAME "/tmp/demo.data"

static bool interactive;

// --- Counts around a step ---

static struct {
  struct pager_counts system;
  struct pager_space_counts own;
} before;

static void begin(void) {
  fflush(stdout);
  if (quire_counts(&before.system) || quire_space_counts(0, &before.own)) {
    exit(common_error("counts"));
  }
}

// Prints what has changed since begin().
static void end(const char *what) {
  static struct pager_counts system;
  struct pager_space_counts own;
  if (quire_space_counts(0, &own) || quire_counts(&system)) exit(common_error("counts"));
  printf("    %-44s %4llu faults, %4llu zeroed, %4llu copied, %4llu read from disk\n", what,
         (unsigned long long)(own.faults - before.own.faults),
         (unsigned long long)(own.zeroed - before.own.zeroed),
         (unsigned long long)(own.copied - before.own.copied),
         (unsigned long long)(system.pages_in - before.system.pages_in));
  fflush(stdout);
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  fflush(stdout);
}

static void title(const char *text) {
  if (interactive) {
    say("(Enter) ");
    for (int c = getchar(); c != '\n' && c != EOF;) c = getchar();
  }
  say("\n%s\n", text);
}

// --- Memory ---

static volatile char *page(char *memory, int number) { return memory + (size_t)number * PAGE_SIZE; }

static char *map(size_t pages, int flags, int fd) {
  char *memory = mmap(NULL, pages * PAGE_SIZE, PROT_READ | PROT_WRITE, flags, fd, 0);
  if (memory == MAP_FAILED) exit(common_error("mmap"));
  return memory;
}

static void show_lazy(char *memory) {
  title("1. Memory is promised first and given when it is touched");
  say("  %d pages have been mapped. None exists: the pager wrote down one region.\n"
      "  Now %d of them are written to, each far from the last. Each write has no page to go\n"
      "  to: the kernel turns it into a message to the pager, which zeroes a page and maps it.\n",
      PAGES, TOUCHED);
  begin();
  for (int i = 0; i < PAGES; i += STRIDE) *page(memory, i) = 1;
  end("writing to 100 of 1000 pages");
  begin();
  for (int i = 0; i < PAGES; i += STRIDE) *page(memory, i) = 2;
  end("writing to the same 100 again");
  say("  Reading what was never written needs no memory: all such pages are one page of zeros.\n");
  begin();
  int sum = 0;
  for (int i = 1; i < PAGES; i += STRIDE) sum += *page(memory, i);
  end("reading 100 others");
  say("  Their sum is %d. Look: as many faults, nothing zeroed.\n", sum);
}

static void show_sequence(void) {
  title("2. Whoever goes forward is served ahead");
  say("  %d fresh pages are written one after the other. The pager sees the pattern and maps\n"
      "  several pages with one answer.\n",
      PAGES / 10);
  char *memory = map(PAGES / 10, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  begin();
  for (int i = 0; i < PAGES / 10; ++i) *page(memory, i) = 1;
  end("writing to 100 pages in a row");
  munmap(memory, PAGES / 10 * PAGE_SIZE);
}

static void run_child(char *memory) {
  begin();
  for (int i = 0; i < WRITTEN; ++i) *page(memory, i * STRIDE) = 3;
  end("the child writes to 10 of them");
  _exit(0);
}

static void show_fork(char *memory) {
  title("3. fork copies nothing");
  say("  The child has the same pages as this program, all of them read-only for both. Only a\n"
      "  page that one of them writes to is copied.\n");
  begin();
  pid_t child = fork();
  if (child < 0) exit(common_error("fork"));
  if (child == 0) run_child(memory);
  waitpid(child, NULL, 0);
  end("this program, while fork and the child ran");
  say("  (What was copied here is the stack, which fork itself writes to.) The page that the\n"
      "  child wrote to still holds %d here. The child is gone, this program is the last owner:\n"
      "  writing takes faults, but no copies.\n",
      *page(memory, 0));
  begin();
  for (int i = 0; i < WRITTEN; ++i) *page(memory, i * STRIDE) = 4;
  end("this program writes to the same 10");
}

// A file of FILE_PAGES pages of dots, on disk.
static int make_file(void) {
  char text[PAGE_SIZE];
  memset(text, '.', sizeof text);
  int fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) exit(common_error(FILE_NAME));
  for (int i = 0; i < FILE_PAGES; ++i) {
    if (write(fd, text, sizeof text) != (ssize_t)sizeof text) exit(common_error(FILE_NAME));
  }
  if (fsync(fd)) exit(common_error(FILE_NAME));
  return fd;
}

static void show_file(void) {
  title("4. A mapped file and a read file are the same pages");
  int fd = make_file();
  say("  " FILE_NAME " has %d pages, all in the page cache since they were written.\n", FILE_PAGES);
  char *memory = map(FILE_PAGES, MAP_SHARED, fd);
  begin();
  int dots = 0;
  for (int i = 0; i < FILE_PAGES; ++i) dots += *page(memory, i) == '.';
  end("reading each page through a mapping");
  begin();
  memcpy(memory, "written through the mapping", 27);
  end("writing to the first page");
  char text[28] = {0};
  if (pread(fd, text, 27, 0) != 27) exit(common_error(FILE_NAME));
  say("  Look: one fault brought all cached pages into reach. read() now finds\n"
      "  \"%s\": there are no two copies that\n"
      "  could differ. msync writes the one dirty page to disk:\n",
      text);
  static struct pager_counts after;
  begin();
  if (msync(memory, FILE_PAGES * PAGE_SIZE, MS_SYNC)) exit(common_error("msync"));
  if (quire_counts(&after)) exit(common_error("counts"));
  say("    %-44s %4llu written to disk\n", "msync",
      (unsigned long long)(after.pages_out - before.system.pages_out));
  munmap(memory, FILE_PAGES * PAGE_SIZE);
  close(fd);
  unlink(FILE_NAME);
}

int main(int argc, char **argv) {
  if (common_flags(argc, argv, "i", &interactive) != argc) common_usage();
  say("Every page of every program here comes from a pager that is a program itself.\n");
  char *memory = map(PAGES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  show_lazy(memory);
  show_sequence();
  show_fork(memory);
  show_file();
  say("\nTo see more: free; ps; pmap %d; vmstat; vmstat COMMAND; vmstat demo.\n", (int)getppid());
  return 0;
}
