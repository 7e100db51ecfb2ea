#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "apps/coreutils/common.h"
#include "lib/swap/swap_header.h"

const char program_name[] = "mkswap";
const char program_help[] =
    "usage: mkswap [-L LABEL] [-s SIZE] FILE\n"
    "Prepares a disk or file for swapon. -s: makes the file, and fills it up to SIZE, a number of\n"
    "bytes that may end with K, M or G.\n";

#define PAGE 4096u
#define PAGES_MIN 10u  // as mkswap of util-linux
#define CHUNK_PAGES 16u

static uint64_t size_of(const char *text) {
  char *end;
  uint64_t size = strtoull(text, &end, 10);
  int shift = 0;
  switch (*end) {
    case 'G':
      shift += 10;
      // fallthrough
    case 'M':
      shift += 10;
      // fallthrough
    case 'K':
      shift += 10;
      end++;
      break;
  }
  if (end == text || *end || text[0] == '-' || size > (uint64_t)INT64_MAX >> shift) common_usage();
  return size << shift;
}

// Writes zeros, so that there is no hole.
static bool fill(int fd, uint64_t size) {
  static const char zeros[CHUNK_PAGES * PAGE];
  for (uint64_t done = 0; done < size;) {
    size_t now = size - done < sizeof zeros ? (size_t)(size - done) : sizeof zeros;
    ssize_t written = pwrite(fd, zeros, now, (off_t)done);
    if (written <= 0) return false;
    done += (uint64_t)written;
  }
  return true;
}

// A random one (RFC 9562, version 4), as far as there is chance here: the time.
static void make_uuid(uint8_t uuid[16]) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  srand((unsigned)(now.tv_nsec ^ now.tv_sec));
  for (int i = 0; i < 16; ++i) uuid[i] = (uint8_t)(rand() >> 8);
  uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
  uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

static bool write_header(int fd, uint64_t pages, const char *label) {
  static struct swap_header header;
  header.version = 1;
  header.last_page = (uint32_t)(pages - 1);
  memcpy(header.signature, SWAP_SIGNATURE, sizeof header.signature);
  strncpy(header.label, label, sizeof header.label);
  make_uuid(header.uuid);
  return pwrite(fd, &header, sizeof header, 0) == (ssize_t)sizeof header && fsync(fd) == 0;
}

static int make(const char *path, bool create, uint64_t size, const char *label) {
  int fd = open(path, O_RDWR | (create ? O_CREAT : 0), 0600);
  if (fd < 0 || (create && !fill(fd, size))) return common_error(path);
  off_t end = lseek(fd, 0, SEEK_END);
  if (end < 0) return common_error(path);
  uint64_t pages = (uint64_t)end / PAGE;
  if (pages < PAGES_MIN) {
    fprintf(stderr, "mkswap: %s: needs at least %u KiB\n", path, PAGES_MIN * PAGE / 1024);
    return 1;
  }
  if (pages > UINT32_MAX) pages = UINT32_MAX;
  if (!write_header(fd, pages, label)) return common_error(path);
  printf("%s: %llu KiB of swap space\n", path, (unsigned long long)(pages - 1) * (PAGE / 1024));
  return 0;
}

int main(int argc, char **argv) {
  const char *label = "";
  uint64_t size = 0;
  bool create = false;
  int i = 1;
  common_help(argc, argv);
  for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
    if (strcmp(argv[i], "-L") == 0) {
      label = argv[i + 1];
    } else if (strcmp(argv[i], "-s") == 0) {
      create = true;
      size = size_of(argv[i + 1]);
    } else {
      common_usage();
    }
  }
  if (i + 1 != argc || argv[i][0] == '-') common_usage();
  return make(argv[i], create, size, label);
}
