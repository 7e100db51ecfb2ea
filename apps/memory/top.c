#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/coreutils/common.h"
#include "apps/memory/proc_file.h"

const char program_name[] = "top";
const char program_help[] =
    "usage: top [-n TIMES] [-d SECONDS]\n"
    "Shows memory and processes, the largest first, again and again: every 2 seconds without -d,\n"
    "until it is interrupted without -n. FAULTS and MAJOR (those that waited for a disk) are "
    "since\n"
    "the screen before; on the first screen since the process began. Sizes in KiB.\n";

#define PROCESSES_MAX 512
#define CLEAR "\033[H\033[J"

struct sample {
  struct proc_stat stat;
  uint64_t faults, major;  // since the sample before
};

struct screen {
  struct sample sample[PROCESSES_MAX];
  int count;
};

static const struct proc_stat *find(const struct screen *screen, unsigned pid) {
  for (int i = 0; i < screen->count; ++i) {
    if (screen->sample[i].stat.pid == pid) return &screen->sample[i].stat;
  }
  return NULL;
}

static void add(const struct proc_stat *stat, void *context) {
  struct screen *screen = context;
  if (screen->count < PROCESSES_MAX) screen->sample[screen->count++].stat = *stat;
}

static void subtract(struct screen *now, const struct screen *before) {
  for (int i = 0; i < now->count; ++i) {
    struct sample *sample = &now->sample[i];
    const struct proc_stat *old = find(before, sample->stat.pid);
    uint64_t major = old ? old->major : 0, minor = old ? old->minor : 0;
    sample->major = sample->stat.major - major;
    sample->faults = sample->stat.minor + sample->stat.major - major - minor;
  }
}

static int larger(const void *a, const void *b) {
  const struct sample *x = a, *y = b;
  if (x->stat.resident_kib != y->stat.resident_kib) {
    return x->stat.resident_kib < y->stat.resident_kib ? 1 : -1;
  }
  return x->stat.pid < y->stat.pid ? -1 : 1;
}

static bool print_memory(void) {
  struct proc_value v[] = {{"MemTotal", 0},  {"MemFree", 0},   {"Cached", 0},
                           {"AnonPages", 0}, {"SwapTotal", 0}, {"SwapFree", 0}};
  if (!proc_values("/proc/meminfo", v, sizeof v / sizeof *v)) return false;
  printf("Mem: %llu total, %llu free, %llu cache, %llu anonymous; swap: %llu total, %llu free\n",
         (unsigned long long)v[0].value, (unsigned long long)v[1].value,
         (unsigned long long)v[2].value, (unsigned long long)v[3].value,
         (unsigned long long)v[4].value, (unsigned long long)v[5].value);
  return true;
}

static void print(const struct screen *screen) {
  puts("\n  PID  PPID S     VIRT      RES  FAULTS   MAJOR COMMAND");
  for (int i = 0; i < screen->count; ++i) {
    const struct sample *s = &screen->sample[i];
    printf("%5u %5u %c %8llu %8llu %7llu %7llu %s\n", s->stat.pid, s->stat.parent, s->stat.state,
           (unsigned long long)s->stat.virtual_kib, (unsigned long long)s->stat.resident_kib,
           (unsigned long long)s->faults, (unsigned long long)s->major, s->stat.name);
  }
  fflush(stdout);
}

static long number(const char *text) {
  char *end;
  long value = text ? strtol(text, &end, 10) : 0;
  if (!text || *end || value <= 0 || value > 1000000) common_usage();
  return value;
}

int main(int argc, char **argv) {
  static struct screen screens[2];
  long times = 0, seconds = 2;
  common_help(argc, argv);
  for (int i = 1; i < argc; i += 2) {
    if (strcmp(argv[i], "-n") == 0) {
      times = number(argv[i + 1]);
    } else if (strcmp(argv[i], "-d") == 0) {
      seconds = number(argv[i + 1]);
    } else {
      common_usage();
    }
  }
  for (long i = 0; times == 0 || i < times; ++i) {
    struct screen *now = &screens[i % 2], *before = &screens[(i + 1) % 2];
    if (i > 0) sleep((unsigned)seconds);
    now->count = 0;
    if (isatty(STDOUT_FILENO) && times != 1) fputs(CLEAR, stdout);
    if (!print_memory() || !proc_each(add, now)) return common_error("/proc");
    subtract(now, before);
    qsort(now->sample, (size_t)now->count, sizeof now->sample[0], larger);
    print(now);
  }
  return 0;
}
