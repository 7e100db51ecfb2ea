// /proc in Linux' formats, as usual programs read them.
#include <inttypes.h>

#include "tests/behaviour/support.h"

static char text[65536];

// The whole of a file in `text`. -1 and errno if it cannot be read.
static ssize_t slurp(const char *path) {
  int fd = open(path, O_RDONLY);
  if (fd < 0) return -1;
  size_t used = 0;
  ssize_t bytes;
  while ((bytes = read(fd, text + used, sizeof text - 1 - used)) > 0) used += (size_t)bytes;
  text[used] = 0;
  close(fd);
  return bytes < 0 ? -1 : (ssize_t)used;
}

// The number behind "name:" in `text`, -1 without it.
static long value_of(const char *name) {
  const char *at = strstr(text, name);
  return at && at[strlen(name)] == ':' ? strtol(at + strlen(name) + 1, NULL, 10) : -1;
}

CASE(Procfs, MeminfoAddsUp) {
  CHECK(slurp("/proc/meminfo") > 0);
  CHECK_EQ(strncmp(text, "MemTotal:", 9), 0);
  CHECK(value_of("MemTotal") > 0);
  CHECK(value_of("MemFree") > 0);
  CHECK(value_of("MemFree") <= value_of("MemAvailable") ||
        value_of("MemAvailable") < value_of("MemTotal"));
  CHECK(value_of("SwapTotal") >= value_of("SwapFree"));
  CHECK(value_of("Dirty") >= 0);
}

CASE(Procfs, VmstatCountsFaults) {
  CHECK(slurp("/proc/vmstat") > 0);
  const char *at = strstr(text, "\npgfault ");
  CHECK(at);
  long before = strtol(at + 9, NULL, 10);
  char *memory = anonymous(100);
  CHECK(memory);
  for (int i = 99; i >= 0; i -= 3) memory[(size_t)i * PAGE] = 1;
  CHECK(slurp("/proc/vmstat") > 0);
  at = strstr(text, "\npgfault ");
  CHECK(at);
  CHECK(strtol(at + 9, NULL, 10) > before);
  munmap(memory, 100 * PAGE);
}

// The line of maps that holds this address, taken apart.
struct mapping {
  uint64_t start, end, offset, inode;
  char rights[8], name[256];
};

static int find_mapping(const void *address, struct mapping *m) {
  uint64_t wanted = (uint64_t)(uintptr_t)address;
  if (slurp("/proc/self/maps") <= 0) return 0;
  char *rest;
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    m->name[0] = 0;
    int fields =
        sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*x:%*x %" SCNu64 " %255[^\n]",
               &m->start, &m->end, m->rights, &m->offset, &m->inode, m->name);
    if (fields >= 5 && m->start <= wanted && wanted < m->end) return 1;
  }
  return 0;
}

CASE(Procfs, MapsShowsMappings) {
  struct mapping m;
  char *memory = mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  CHECK(find_mapping(memory, &m));
  CHECK_EQ(m.start, (uintptr_t)memory);
  CHECK_EQ(m.end, (uintptr_t)memory + 3 * PAGE);
  CHECK_EQ(strcmp(m.rights, "r--s"), 0);
  munmap(memory, 3 * PAGE);
  CHECK(!find_mapping(memory, &m) || m.end <= (uintptr_t)memory || m.start > (uintptr_t)memory ||
        strcmp(m.rights, "r--s") != 0);
  int local = 0;
  CHECK(find_mapping(&local, &m));
  CHECK_EQ(strcmp(m.name, "[stack]"), 0);
  CHECK_EQ(strncmp(m.rights, "rw", 2), 0);
}

CASE(Procfs, MapsNamesFiles) {
  struct mapping m;
  struct stat status;
  int fd = make_file("procfs_map", 3 * PAGE);
  CHECK(fd >= 0);
  CHECK_EQ(fstat(fd, &status), 0);
  char *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, PAGE);
  CHECK(memory != MAP_FAILED);
  CHECK(find_mapping(memory, &m));
  CHECK_EQ(m.offset, PAGE);
  CHECK_EQ(m.inode, status.st_ino);
  CHECK_EQ(strcmp(m.rights, "rw-p"), 0);
  CHECK(strstr(m.name, "procfs_map"));
  unlink(scratch_path("procfs_map"));
  CHECK(find_mapping(memory, &m));
  CHECK(strstr(m.name, "(deleted)"));
  munmap(memory, PAGE);
  close(fd);
}

CASE(Procfs, SmapsCountsWhatWasTouched) {
  char *memory = anonymous(64);
  CHECK(memory);
  for (int i = 0; i < 10; ++i) memory[(size_t)i * PAGE * 5] = 1;
  char head[32];
  snprintf(head, sizeof head, "%08" PRIx64 "-", (uint64_t)(uintptr_t)memory);
  CHECK(slurp("/proc/self/smaps") > 0);
  const char *at = strstr(text, head);
  if (at) {  // a system may merge it with a neighbour
    const char *rss = strstr(at, "\nRss:");
    CHECK(rss);
    long kib = strtol(rss + 5, NULL, 10);
    CHECK(kib >= 40 && kib <= 64 * 4);
    const char *pss = strstr(at, "\nPss:");
    CHECK(pss && pss > rss);
    long part = strtol(pss + 5, NULL, 10);
    CHECK(part > 0 && part <= kib);
  }
  munmap(memory, 64 * PAGE);
}

// Pages in memory: private ones, of files, of shared memory. Linux counts in batches, so what it
// tells may lack some.
static bool grown_by(long (*now)[3], long private, long file, long shared) {
  static const char *const names[] = {"\nRssAnon", "\nRssFile", "\nRssShmem"};
  const long wanted[] = {private, file, shared};
  enum { BATCHES_KIB = 600 };
  if (slurp("/proc/self/status") <= 0) return false;
  for (int i = 0; i < 3; ++i) {
    long before = (*now)[i];
    (*now)[i] = value_of(names[i]);
    long missing = before + wanted[i] * 4 - (*now)[i];
    if (missing < -BATCHES_KIB || missing > BATCHES_KIB) return false;
  }
  return true;
}

CASE(Procfs, StatusTellsPrivatePagesFromThoseOfFilesAndSharedMemory) {
  enum { PAGES = 512 };
  long now[3] = {0};
  int fd = make_file("procfs_rss", PAGES * PAGE);
  char *file = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  CHECK(fd >= 0 && file != MAP_FAILED);
  for (size_t i = 0; i < PAGES; ++i) CHECK_EQ(file[i * PAGE], (char)(i + 1));
  grown_by(&now, 0, 0, 0);
  for (size_t i = 0; i < PAGES; ++i) file[i * PAGE] = 1;
  CHECK(grown_by(&now, PAGES, -PAGES, 0));
  char *shared =
      mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(shared != MAP_FAILED);
  memset(shared, 1, PAGES * PAGE);
  CHECK(grown_by(&now, 0, 0, PAGES));
  munmap(shared, PAGES * PAGE);
  munmap(file, PAGES * PAGE);
  CHECK(grown_by(&now, -PAGES, 0, -PAGES));
  close(fd);
  unlink(scratch_path("procfs_rss"));
}

CASE(Procfs, TellsWhoAProcessIs) {
  char name[64], state;
  int pid, parent;
  CHECK(slurp("/proc/self/stat") > 0);
  CHECK_EQ(sscanf(text, "%d (%63[^)]) %c %d", &pid, name, &state, &parent), 4);
  CHECK_EQ(pid, getpid());
  CHECK_EQ(parent, getppid());
  CHECK_EQ(state, 'R');
  CHECK(slurp("/proc/self/status") > 0);
  CHECK_EQ(value_of("\nPid"), getpid());
  CHECK_EQ(value_of("\nPPid"), getppid());
  CHECK(value_of("\nVmRSS") > 0);
  CHECK(value_of("\nVmSize") >= value_of("\nVmRSS"));
  CHECK(value_of("\nVmPeak") >= value_of("\nVmSize"));
  CHECK(value_of("\nVmHWM") >= value_of("\nVmRSS"));
  long size, resident;
  CHECK(slurp("/proc/self/statm") > 0);
  CHECK_EQ(sscanf(text, "%ld %ld", &size, &resident), 2);
  CHECK(size >= resident && resident > 0);
}

enum { PEAK = 1024 };  // pages: far more than what a system may not have counted yet

// What goes down stays in the peaks, whichever way it goes.
CASE(Procfs, PeaksStay) {
  CHECK(slurp("/proc/self/status") > 0);
  long size = value_of("\nVmSize"), resident = value_of("\nVmRSS"), kib = PEAK * (long)PAGE / 1024;
  char *memory = anonymous(PEAK);
  CHECK(memory);
  memset(memory, 1, PEAK * PAGE);
  CHECK_EQ(madvise(memory, PEAK / 2 * PAGE, MADV_DONTNEED), 0);
  CHECK_EQ(munmap(memory, PEAK * PAGE), 0);
  CHECK(slurp("/proc/self/status") > 0);
  CHECK(value_of("\nVmRSS") < resident + kib / 2);
  CHECK(value_of("\nVmSize") < size + kib / 2);
  CHECK(value_of("\nVmHWM") > resident + kib * 7 / 8);
  CHECK(value_of("\nVmPeak") >= size + kib);
}

CASE(Procfs, SelfIsALinkToTheProcess) {
  char link[32], own[32];
  ssize_t bytes = readlink("/proc/self", link, sizeof link - 1);
  CHECK(bytes > 0);
  link[bytes] = 0;
  snprintf(own, sizeof own, "%d", (int)getpid());
  CHECK_EQ(strcmp(link, own), 0);
  struct stat status;
  CHECK_EQ(lstat("/proc/self", &status), 0);
  CHECK(S_ISLNK(status.st_mode));
  CHECK_EQ(stat("/proc/self", &status), 0);
  CHECK(S_ISDIR(status.st_mode));
}

static void wait_for_end(void *argument) {
  char byte;
  read(*(int *)argument, &byte, 1);
}

CASE(Procfs, ProcessesEndWhileTheyAreRead) {
  int ends[2];
  CHECK_EQ(pipe(ends), 0);
  pid_t child = fork();
  if (child == 0) {
    close(ends[1]);
    wait_for_end(&ends[0]);
    _exit(0);
  }
  CHECK(child > 0);
  char path[64], byte;
  snprintf(path, sizeof path, "/proc/%d/maps", (int)child);
  int fd = open(path, O_RDONLY);
  CHECK(fd >= 0);
  CHECK_EQ(read(fd, &byte, 1), 1);
  close(ends[0]);
  close(ends[1]);
  CHECK_EQ(waitpid(child, NULL, 0), child);
  // What was made already may still come, but it ends, or says that there is no such process.
  ssize_t bytes = 0;
  while ((bytes = read(fd, text, sizeof text)) > 0) continue;
  CHECK(bytes == 0 || errno == ESRCH);
  close(fd);
  CHECK_ERRNO(open(path, O_RDONLY), ENOENT);
}

CASE(Procfs, CannotBeWritten) {
  CHECK_ERRNO(open("/proc/new", O_RDWR | O_CREAT, 0600), ENOENT);
  CHECK_ERRNO(mkdir("/proc/new", 0700), ENOENT);
  CHECK_ERRNO(open("/proc/99999999", O_RDONLY), ENOENT);
  CHECK_ERRNO(unlink("/proc/self/maps"), EPERM);
  int fd = open("/proc/self/maps", O_RDONLY);
  CHECK(fd >= 0);
  CHECK_ERRNO(write(fd, "x", 1), EBADF);
  close(fd);
}

CASE(Procfs, CanBeReadInPieces) {
  int fd = open("/proc/meminfo", O_RDONLY);
  CHECK(fd >= 0);
  char piece[8];
  size_t total = 0;
  for (ssize_t bytes; (bytes = read(fd, piece, sizeof piece)) > 0;) {
    if (total == 0) CHECK_EQ(strncmp(piece, "MemTotal", 8), 0);
    total += (size_t)bytes;
  }
  CHECK(total > 100);
  CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
  CHECK_EQ(read(fd, piece, 3), 3);
  CHECK_EQ(strncmp(piece, "Mem", 3), 0);
  close(fd);
}
