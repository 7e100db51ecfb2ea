#include "tests/hostile/hostile.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/layout.h"

#define PATIENCE_MS 200  // for a child that still runs
#define REAP_MS 10000    // for init, whose the orphans are

// --- Random words ---

static uint64_t state;

uint64_t random_bits(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

uint64_t random_word(void) {
  static const uint64_t words[] = {0,
                                   1,
                                   2,
                                   3,
                                   4,
                                   5,
                                   7,
                                   8,
                                   16,
                                   64,
                                   100,
                                   0xfff,
                                   PAGE_SIZE,
                                   PAGE_SIZE + 1,
                                   3 * PAGE_SIZE,
                                   IMAGE_BASE,
                                   MMAP_BASE,
                                   MMAP_BASE + 5 * PAGE_SIZE,
                                   MMAP_END,
                                   STACK_TOP - PAGE_SIZE,
                                   STACK_TOP,
                                   MESSAGE_PAGE,
                                   USER_END - PAGE_SIZE,
                                   USER_END,
                                   MESSAGE_WINDOW,
                                   1ull << 31,
                                   1ull << 32,
                                   1ull << 38,
                                   1ull << 39,
                                   1ull << 62,
                                   1ull << 63,
                                   ~0ull,
                                   ~0ull - PAGE_SIZE,
                                   ~0ull << 12,
                                   0xffffffc000000000ull,
                                   0x80000000ull};
  uint64_t choice = random_bits() % 8;
  if (choice == 0) return random_bits();
  if (choice == 1) return random_bits() % 300;
  uint64_t word = words[random_bits() % (sizeof words / sizeof *words)];
  return choice == 2 ? word | random_bits() % 8 << 8 : word;
}

// --- Children ---

// Ends what a child may have left behind. Until init has waited for all of it, it counts as
// processes, and there may be no place for another.
static bool end_group(pid_t group) {
  kill(-group, SIGKILL);
  for (int waited = 0; waited < REAP_MS; ++waited) {
    if (kill(-group, 0) < 0) return true;
    usleep(1000);
  }
  return false;
}

bool run_for_some_time(void (*function)(uint64_t), uint64_t argument) {
  int status;
  pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) {
    setpgid(0, 0);
    state = 88172645463325252ull + argument * 7919;
    function(argument);
    _exit(0);
  }
  for (int waited = 0; waited < PATIENCE_MS; ++waited) {
    if (waitpid(child, &status, WNOHANG) == child) return end_group(child);
    usleep(1000);
  }
  kill(child, SIGKILL);
  return waitpid(child, &status, 0) == child && end_group(child);
}

bool run_to_the_end(void (*function)(uint64_t), int *status) {
  pid_t child = fork();
  if (child == 0) {
    function(1);
    _exit(0);
  }
  return child > 0 && waitpid(child, status, 0) == child;
}

bool system_works(void) {
  char text[16] = {0};
  FILE *stream = popen("echo works | cat", "r");
  if (!stream) return false;
  bool read = fgets(text, sizeof text, stream) != NULL;
  return pclose(stream) == 0 && read && strcmp(text, "works\n") == 0;
}
