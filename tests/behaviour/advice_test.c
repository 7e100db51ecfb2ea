// madvise, mlock and mincore.
#define _GNU_SOURCE
#include "tests/behaviour/memory_support.h"
#include "tests/behaviour/support.h"

CASE(Advise, Errors) {
  char *memory = written(3, MAP_PRIVATE);
  char *shared = written(1, MAP_SHARED);
  CHECK(memory && shared);
  CHECK_ERRNO(madvise(memory, PAGE, 5), EINVAL);
  CHECK_ERRNO(madvise(memory, PAGE, -1), EINVAL);
  CHECK_ERRNO(madvise(memory, PAGE, 1000), EINVAL);
  CHECK_ERRNO(madvise(memory + 1, PAGE, MADV_NORMAL), EINVAL);
  CHECK_ERRNO(madvise(memory, SIZE_MAX, MADV_NORMAL), EINVAL);
  CHECK_ERRNO(madvise(memory, SIZE_MAX & ~(PAGE - 1), MADV_NORMAL), EINVAL);
  CHECK_EQ(madvise(memory, 0, MADV_DONTNEED), 0);
  CHECK_ERRNO(madvise(shared, PAGE, MADV_FREE), EINVAL);
  CHECK_ERRNO(madvise(shared, PAGE, MADV_WIPEONFORK), EINVAL);
  munmap(memory + PAGE, PAGE);
  CHECK_ERRNO(madvise(memory, 3 * PAGE, MADV_SEQUENTIAL), ENOMEM);
  CHECK_ERRNO(madvise(memory, 3 * PAGE, MADV_DONTNEED), ENOMEM);
  CHECK(is_zero(memory, 1) && is_zero(memory + 2 * PAGE, 1));
  CHECK_ERRNO(madvise(memory, 3 * PAGE, MADV_POPULATE_READ), ENOMEM);
  CHECK_EQ(mprotect(memory, PAGE, PROT_READ), 0);
  CHECK_ERRNO(madvise(memory, PAGE, MADV_POPULATE_WRITE), EINVAL);
  CHECK_EQ(posix_madvise(memory, PAGE, 99), EINVAL);
  CHECK_EQ(posix_madvise(memory + 1, PAGE, POSIX_MADV_NORMAL), EINVAL);
  CHECK_EQ(posix_madvise(memory, 3 * PAGE, POSIX_MADV_WILLNEED), ENOMEM);
  munmap(memory, 3 * PAGE);
  munmap(shared, PAGE);
}

CASE(Advise, HintsChangeNoContent) {
  static const int hints[] = {MADV_NORMAL,   MADV_RANDOM,        MADV_SEQUENTIAL,
                              MADV_WILLNEED, MADV_DODUMP,        MADV_DOFORK,
                              MADV_DONTDUMP, MADV_POPULATE_READ, MADV_POPULATE_WRITE};
  char *memory = written(16, MAP_PRIVATE);
  CHECK(memory);
  for (size_t i = 0; i < sizeof hints / sizeof hints[0]; ++i) {
    CHECK_EQ(madvise(memory + i * PAGE, 4 * PAGE, hints[i]), 0);
    CHECK(is_written(memory, 16, 1));
  }
  for (int advice = POSIX_MADV_NORMAL; advice <= POSIX_MADV_DONTNEED; ++advice) {
    CHECK_EQ(posix_madvise(memory, 16 * PAGE, advice), 0);
    CHECK(is_written(memory, 16, 1));
  }
  munmap(memory, 16 * PAGE);
}

CASE(Advise, DontNeedForgetsPrivateMemory) {
  char *memory = written(5, MAP_PRIVATE);
  CHECK(memory);
  CHECK_EQ(madvise(memory + PAGE, 3 * PAGE, MADV_DONTNEED), 0);
  CHECK(is_written(memory, 1, 1));
  CHECK(is_zero(memory + PAGE, 3));
  CHECK(is_written(memory + 4 * PAGE, 1, 5));
  memory[PAGE] = 3;
  CHECK_EQ(memory[PAGE], 3);
  munmap(memory, 5 * PAGE);
}

CASE(Advise, DontNeedShowsTheFileAgain) {
  int fd = make_file("memory_advise", 2 * PAGE);
  CHECK(fd >= 0);
  char *memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  CHECK(memory != MAP_FAILED);
  memset(memory, 100, 2 * PAGE);
  CHECK_EQ(madvise(memory, 2 * PAGE, MADV_DONTNEED), 0);
  CHECK(is_written(memory, 2, 1));
  munmap(memory, 2 * PAGE);
  memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  memory[0] = 100;
  CHECK_EQ(madvise(memory, 2 * PAGE, MADV_DONTNEED), 0);
  CHECK_EQ(memory[0], 100);
  munmap(memory, 2 * PAGE);
  close(fd);
  scratch("memory_advise");
}

CASE(Advise, FreedPagesThatAreWrittenStay) {
  char *memory = written(4, MAP_PRIVATE);
  CHECK(memory);
  CHECK_EQ(madvise(memory, 4 * PAGE, MADV_FREE), 0);
  memset(memory + PAGE, 70, PAGE);
  CHECK_EQ(memory[PAGE], 70);
  CHECK_EQ(memory[2 * PAGE - 1], 70);
  CHECK(memory[0] == 1 || memory[0] == 0);
  munmap(memory, 4 * PAGE);
}

static char *freed;

// All of the page is what it was, or zeros.
static bool is_old_or_zero(const char *page, char old) {
  for (unsigned i = 1; i < PAGE; ++i) {
    if (page[i] != page[0]) return false;
  }
  return page[0] == old || page[0] == 0;
}

static void check_freed(void *unused) {
  (void)unused;
  for (int i = 0; i < 4; ++i) CHILD_CHECK(is_old_or_zero(freed + i * PAGE, 60));
  memset(freed, 61, PAGE);
  CHILD_CHECK(freed[PAGE - 1] == 61);
}

CASE(Advise, FreedPagesAreOldOrZeros) {
  freed = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(freed != MAP_FAILED);
  memset(freed, 60, 4 * PAGE);
  CHECK_EQ(madvise(freed, 4 * PAGE, MADV_FREE), 0);
  CHECK_EQ(in_child(check_freed, NULL), 0);
  for (int i = 0; i < 4; ++i) CHECK(is_old_or_zero(freed + i * PAGE, 60));
  // Written and freed again; a page that is written in part keeps that part.
  memset(freed, 62, 2 * PAGE);
  CHECK_EQ(madvise(freed, PAGE, MADV_FREE), 0);
  freed[100] = 63;
  CHECK_EQ(freed[100], 63);
  CHECK(freed[99] == 62 || freed[99] == 0);
  CHECK_EQ(freed[101], freed[99]);
  CHECK_EQ(freed[PAGE], 62);
  munmap(freed, 4 * PAGE);
}

static char *advised;

static void check_fork_advice(void *unused) {
  (void)unused;
  CHILD_CHECK(is_written(advised, 1, 1));
  CHILD_CHECK(is_zero(advised + PAGE, 1));
  CHILD_CHECK(is_written(advised + 3 * PAGE, 1, 4));
  advised[PAGE] = 10;
  advised[3 * PAGE] = 10;
}

static void read_forbidden(void *unused) {
  (void)unused;
  read_byte(advised + 2 * PAGE);
}

CASE(Advise, ForkDoesNotInherit) {
  advised = written(4, MAP_PRIVATE);
  CHECK(advised);
  CHECK_EQ(madvise(advised + PAGE, PAGE, MADV_WIPEONFORK), 0);
  CHECK_EQ(madvise(advised + 2 * PAGE, PAGE, MADV_DONTFORK), 0);
  CHECK_EQ(in_child(check_fork_advice, NULL), 0);
  CHECK(killed_by(in_child(read_forbidden, NULL), SIGSEGV));
  CHECK(is_written(advised, 4, 1));
  CHECK_EQ(madvise(advised, 4 * PAGE, MADV_KEEPONFORK), 0);
  CHECK_EQ(madvise(advised, 4 * PAGE, MADV_DOFORK), 0);
  CHECK_EQ(in_child(read_forbidden, NULL), 0);
  munmap(advised, 4 * PAGE);
}

// --- mlock --------------------------------------------------------------------------------------

CASE(Lock, Errors) {
  char *memory = written(4, MAP_PRIVATE);
  CHECK(memory);
  munmap(memory + 2 * PAGE, PAGE);
  CHECK_ERRNO(mlock(memory, 4 * PAGE), ENOMEM);
  CHECK_ERRNO(munlock(memory, 4 * PAGE), ENOMEM);
  CHECK_ERRNO(mlock(memory + 2 * PAGE, PAGE), ENOMEM);
  CHECK_ERRNO(munlock(memory, SIZE_MAX & ~(PAGE - 1)), EINVAL);
  CHECK_EQ(mlock(memory, 0), 0);
  CHECK_EQ(munlock(memory + 2 * PAGE, 0), 0);
  CHECK_EQ(mlock(memory + 5, 2 * PAGE - 5), 0);
  CHECK_ERRNO(madvise(memory, PAGE, MADV_DONTNEED), EINVAL);
  CHECK_ERRNO(madvise(memory, PAGE, MADV_FREE), EINVAL);
  CHECK_ERRNO(msync(memory, PAGE, MS_INVALIDATE), EBUSY);
  CHECK_EQ(munlock(memory, 2 * PAGE), 0);
  CHECK_EQ(madvise(memory, PAGE, MADV_DONTNEED), 0);
  CHECK_ERRNO(mlockall(0), EINVAL);
  CHECK_ERRNO(mlockall(64), EINVAL);
  CHECK_ERRNO(mlockall(MCL_ONFAULT), EINVAL);
  CHECK_ERRNO(mlock2(memory, PAGE, 8), EINVAL);
  CHECK_EQ(mprotect(memory, PAGE, PROT_NONE), 0);
  CHECK_ERRNO(mlock(memory, PAGE), ENOMEM);
  munmap(memory, 4 * PAGE);
}

CASE(Lock, MakesPagesPresent) {
  unsigned char in_memory[8];
  char *memory = anonymous(8);
  CHECK(memory);
  CHECK_EQ(mlock(memory + PAGE + 1, 3 * PAGE), 0);
  CHECK_EQ(mincore(memory, 8 * PAGE, in_memory), 0);
  for (int i = 1; i < 5; ++i) CHECK_EQ(in_memory[i] & 1, 1);
  CHECK_EQ(in_memory[6] & 1, 0);
  CHECK_EQ(mlock2(memory + 6 * PAGE, PAGE, MLOCK_ONFAULT), 0);
  CHECK_EQ(mincore(memory, 8 * PAGE, in_memory), 0);
  CHECK_EQ(in_memory[6] & 1, 0);
  CHECK(is_zero(memory, 8));
  CHECK_EQ(munlock(memory, 8 * PAGE), 0);
  munmap(memory, 8 * PAGE);
  memory = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, ANONYMOUS | MAP_LOCKED, -1, 0);
  CHECK(memory != MAP_FAILED);
  CHECK_EQ(mincore(memory, 4 * PAGE, in_memory), 0);
  for (int i = 0; i < 4; ++i) CHECK_EQ(in_memory[i] & 1, 1);
  char *larger = mremap(memory, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
  CHECK(larger != MAP_FAILED);
  CHECK_EQ(mincore(larger, 8 * PAGE, in_memory), 0);
  for (int i = 0; i < 8; ++i) CHECK_EQ(in_memory[i] & 1, 1);
  munmap(larger, 8 * PAGE);
}

static void lock_everything(void *unused) {
  (void)unused;
  unsigned char in_memory[16];
  char *before = anonymous(16);
  CHILD_CHECK(before);
  CHILD_CHECK(mlockall(MCL_CURRENT | MCL_FUTURE) == 0);
  CHILD_CHECK(mincore(before, 16 * PAGE, in_memory) == 0);
  for (int i = 0; i < 16; ++i) CHILD_CHECK(in_memory[i] & 1);
  char *after = anonymous(16);
  CHILD_CHECK(after);
  CHILD_CHECK(mincore(after, 16 * PAGE, in_memory) == 0);
  for (int i = 0; i < 16; ++i) CHILD_CHECK(in_memory[i] & 1);
  errno = 0;
  CHILD_CHECK(madvise(after, PAGE, MADV_DONTNEED) == -1 && errno == EINVAL);
  CHILD_CHECK(munlockall() == 0);
  CHILD_CHECK(madvise(after, PAGE, MADV_DONTNEED) == 0);
  char *later = anonymous(1);
  CHILD_CHECK(later && mincore(later, PAGE, in_memory) == 0);
  CHILD_CHECK(!(in_memory[0] & 1));
}

CASE(Lock, AllAndWhatComes) { CHECK_EQ(in_child(lock_everything, NULL), 0); }

// --- mincore ------------------------------------------------------------------------------------

CASE(InCore, TellsWhatIsThere) {
  static unsigned char in_memory[5000];
  char *memory = anonymous(5000);
  CHECK(memory);
  memory[PAGE] = 1;
  memory[4999 * PAGE] = 1;
  CHECK_EQ(mincore(memory, 5000 * PAGE, in_memory), 0);
  CHECK_EQ(in_memory[0] & 1, 0);
  CHECK_EQ(in_memory[1] & 1, 1);
  CHECK_EQ(in_memory[4000] & 1, 0);
  CHECK_EQ(in_memory[4999] & 1, 1);
  CHECK_EQ(mincore(memory, 0, in_memory), 0);
  CHECK_ERRNO(mincore(memory + 1, PAGE, in_memory), EINVAL);
  munmap(memory + 2 * PAGE, PAGE);
  CHECK_ERRNO(mincore(memory, 5 * PAGE, in_memory), ENOMEM);
  CHECK_ERRNO(mincore(memory, SIZE_MAX & ~(PAGE - 1), in_memory), ENOMEM);
  munmap(memory, 5000 * PAGE);
}
