#include "servers/fs/procfs_format.h"

#include <stddef.h>
#include <string.h>

#include "abi/layout.h"
#include "abi/stats.h"

enum { KIB_OF_PAGE = 4, NAME_COLUMN = 73, SWAP_COLUMN = 40, LONG_NUMBER = 10000000 };
enum { DEVICE_MAJOR = 254, SHM_DEVICE = 0 };
enum { PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4 };

// --- lines -------------------------------------------------------------------------------------

// "Name:      123 kB", the colon in front of `column`.
static void line_kib(struct text *text, const char *name, unsigned column, uint64_t kib) {
  size_t before = text->used;
  text_string(text, name);
  text_char(text, ':', 1);
  size_t length = text->used - before;
  if (length < column) text_char(text, ' ', column - length);
  text_decimal(text, kib, 8);
  text_string(text, " kB\n");
}

static void line_kb(struct text *text, const char *name, unsigned column, uint64_t pages) {
  line_kib(text, name, column, pages * KIB_OF_PAGE);
}

static void line_count(struct text *text, const char *name, uint64_t value) {
  text_string(text, name);
  text_char(text, ' ', 1);
  text_decimal(text, value, 0);
  text_char(text, '\n', 1);
}

// "Name:\tvalue"
static void line_status(struct text *text, const char *name, uint64_t value) {
  text_string(text, name);
  text_string(text, ":\t");
  text_decimal(text, value, 0);
  text_char(text, '\n', 1);
}

static void line_status_kb(struct text *text, const char *name, uint64_t pages) {
  text_string(text, name);
  text_string(text, ":\t");
  text_decimal(text, pages * KIB_OF_PAGE, 8);
  text_string(text, " kB\n");
}

// --- the system --------------------------------------------------------------------------------

void procfs_meminfo(struct text *text, const struct pager_counts *counts) {
  enum { COLUMN = 16 };
  uint64_t clean =
      counts->frames_cache > counts->frames_dirty ? counts->frames_cache - counts->frames_dirty : 0;
  line_kb(text, "MemTotal", COLUMN, counts->frames_total);
  line_kb(text, "MemFree", COLUMN, counts->frames_free);
  line_kb(text, "MemAvailable", COLUMN, counts->frames_free + clean);
  line_kb(text, "Buffers", COLUMN, 0);  // blocks of metadata are fs's own memory: Kernel
  line_kb(text, "Cached", COLUMN, counts->frames_cache);
  line_kb(text, "SwapTotal", COLUMN, counts->swap_slots);
  line_kb(text, "SwapFree", COLUMN, counts->swap_slots - counts->swap_used);
  line_kb(text, "Dirty", COLUMN, counts->frames_dirty);
  line_kb(text, "AnonPages", COLUMN, counts->frames_anonymous);
  line_kb(text, "Kernel", COLUMN, counts->frames_kernel);
}

#define OF(name) #name, offsetof(struct pager_counts, name)
#define OF_KERNEL(stat) (offsetof(struct pager_counts, kernel) + (stat) * sizeof(uint64_t))

static const struct {
  const char *name;
  size_t offset;
} counters[] = {
    {"nr_free_pages", offsetof(struct pager_counts, frames_free)},
    {"nr_anon_pages", offsetof(struct pager_counts, frames_anonymous)},
    {"nr_file_pages", offsetof(struct pager_counts, frames_cache)},
    {"nr_dirty", offsetof(struct pager_counts, frames_dirty)},
    {"nr_kernel_pages", offsetof(struct pager_counts, frames_kernel)},
    {"pswpin", offsetof(struct pager_counts, pages_swapped_in)},
    {"pswpout", offsetof(struct pager_counts, pages_swapped_out)},
    {"pgfault", offsetof(struct pager_counts, faults)},
    {"pgmajfault", offsetof(struct pager_counts, faults_major)},
    {OF(faults_zero_read)},
    {OF(faults_anonymous)},
    {OF(faults_cow_copy)},
    {OF(faults_cow_reuse)},
    {OF(faults_file)},
    {OF(faults_error)},
    {OF(pages_mapped)},
    {OF(pages_zeroed)},
    {OF(pages_copied)},
    {OF(pages_evicted)},
    {OF(pages_in)},
    {OF(pages_out)},
    {OF(requests_in)},
    {OF(requests_out)},
    {OF(forks)},
    {OF(execs)},
    {OF(spaces)},
    {"kernel_entries", OF_KERNEL(STAT_ENTRIES)},
    {"kernel_messages", OF_KERNEL(STAT_CALLS)},
    {"kernel_switches", OF_KERNEL(STAT_SWITCHES)},
    {"kernel_faults", OF_KERNEL(STAT_FAULTS)},
    {"kernel_faults_absorbed", OF_KERNEL(STAT_SPURIOUS)},
    {"kernel_interrupts", OF_KERNEL(STAT_INTERRUPTS)},
    {"kernel_fences", OF_KERNEL(STAT_FENCES)},
    {"kernel_shootdowns", OF_KERNEL(STAT_SHOOTDOWNS)},
};

void procfs_vmstat(struct text *text, const struct pager_counts *counts) {
  // What Linux counts in KiB.
  line_count(text, "pgpgin", counts->pages_in * KIB_OF_PAGE);
  line_count(text, "pgpgout", counts->pages_out * KIB_OF_PAGE);
  for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
    uint64_t value;
    memcpy(&value, (const char *)counts + counters[i].offset, sizeof(value));
    line_count(text, counters[i].name, value);
  }
}

void procfs_swaps_head(struct text *text) {
  text_string(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
}

static void swap_size(struct text *text, uint64_t kibibytes) {
  text_decimal(text, kibibytes, 0);
  text_string(text, kibibytes < LONG_NUMBER ? "\t\t" : "\t");
}

void procfs_swap(struct text *text, const struct procfs_swap *swap) {
  size_t length = strlen(swap->name);
  text_string(text, swap->name);
  text_char(text, ' ', length < SWAP_COLUMN ? SWAP_COLUMN - length : 1);
  text_string(text, swap->is_disk ? "partition\t" : "file\t\t");
  swap_size(text, swap->kibibytes);
  swap_size(text, swap->used);
  text_signed(text, swap->priority);
  text_char(text, '\n', 1);
}

// --- regions -----------------------------------------------------------------------------------

void procfs_map(struct text *text, const struct pager_region *region, const char *name) {
  size_t before = text->used;
  text_hex(text, region->start, 8);
  text_char(text, '-', 1);
  text_hex(text, region->end, 8);
  text_char(text, ' ', 1);
  text_char(text, (region->prot & PROT_READ) != 0 ? 'r' : '-', 1);
  text_char(text, (region->prot & PROT_WRITE) != 0 ? 'w' : '-', 1);
  text_char(text, (region->prot & PROT_EXEC) != 0 ? 'x' : '-', 1);
  text_string(text, (region->flags & PAGER_SHARED) != 0 ? "s " : "p ");
  text_hex(text, region->offset, 8);
  text_char(text, ' ', 1);
  text_hex(text, region->backing == BACKING_FILE ? DEVICE_MAJOR : SHM_DEVICE, 2);
  text_string(text, ":00 ");
  text_decimal(text, (uint32_t)region->cookie, 0);
  text_char(text, ' ', 1);
  if (name != NULL && name[0] != 0) {
    size_t length = text->used - before;
    if (length < NAME_COLUMN) text_char(text, ' ', NAME_COLUMN - length);
    text_string(text, name);
  }
  text_char(text, '\n', 1);
}

void procfs_smap(struct text *text, const struct pager_region *region, const char *name) {
  enum { COLUMN = 16 };
  procfs_map(text, region, name);
  uint32_t private_dirty = region->dirty - region->shared_dirty;
  uint32_t private_pages = region->resident - region->shared;
  line_kb(text, "Size", COLUMN, (region->end - region->start) >> PAGE_SHIFT);
  line_kb(text, "KernelPageSize", COLUMN, 1);
  line_kb(text, "MMUPageSize", COLUMN, 1);
  line_kb(text, "Rss", COLUMN, region->resident);
  line_kib(text, "Pss", COLUMN, region->proportional / 1024);
  line_kb(text, "Shared_Clean", COLUMN, region->shared - region->shared_dirty);
  line_kb(text, "Shared_Dirty", COLUMN, region->shared_dirty);
  line_kb(text, "Private_Clean", COLUMN, private_pages - private_dirty);
  line_kb(text, "Private_Dirty", COLUMN, private_dirty);
  line_kb(text, "Swap", COLUMN, region->swapped);
}

// --- processes ---------------------------------------------------------------------------------

void procfs_add(struct procfs_sums *sums, const struct pager_region *region) {
  uint64_t pages = (region->end - region->start) >> PAGE_SHIFT;
  sums->virtual_pages += pages;
  sums->resident += region->resident;
  sums->shared += region->shared;
  sums->dirty += region->dirty;
  sums->swapped += region->swapped;
  sums->anonymous += region->anonymous;
  if (region->backing == BACKING_FILE) sums->file += region->resident - region->anonymous;
  if ((region->prot & PROT_EXEC) != 0) sums->code += pages;
  if (region->backing == BACKING_STACK) {
    sums->stack += pages;
  } else if ((region->prot & PROT_WRITE) != 0 && (region->flags & PAGER_SHARED) == 0) {
    sums->data += pages;
  }
}

void procfs_status(struct text *text, const struct procfs_process *process,
                   const struct procfs_sums *sums, const struct pager_space_counts *counts) {
  text_string(text, "Name:\t");
  text_string(text, process->name);
  text_string(text, "\nState:\t");
  text_char(text, process->state, 1);
  text_string(text, process->state == 'R' ? " (running)\n" : " (sleeping)\n");
  line_status(text, "Tgid", process->pid);
  line_status(text, "Pid", process->pid);
  line_status(text, "PPid", process->parent);
  text_string(text, "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n");
  line_status_kb(text, "VmPeak", counts->virtual_peak);
  line_status_kb(text, "VmSize", sums->virtual_pages);
  line_status_kb(text, "VmHWM", counts->resident_peak);
  line_status_kb(text, "VmRSS", sums->resident);
  line_status_kb(text, "RssAnon", sums->anonymous);
  line_status_kb(text, "RssFile", sums->file);
  line_status_kb(text, "RssShmem", sums->resident - sums->anonymous - sums->file);
  line_status_kb(text, "VmData", sums->data);
  line_status_kb(text, "VmStk", sums->stack);
  line_status_kb(text, "VmExe", sums->code);
  line_status_kb(text, "VmSwap", sums->swapped);
  line_status(text, "Threads", 1);
}

// Fields of stat behind the state, from the fourth on.
enum {
  STAT_FIELDS = 52,
  STAT_PARENT = 4,
  STAT_MINOR = 10,
  STAT_MAJOR = 12,
  STAT_THREADS = 20,
  STAT_VIRTUAL = 23,  // bytes
  STAT_RESIDENT = 24  // pages
};

void procfs_stat(struct text *text, const struct procfs_process *process,
                 const struct procfs_sums *sums, const struct pager_space_counts *counts) {
  text_decimal(text, process->pid, 0);
  text_string(text, " (");
  text_string(text, process->name);
  text_string(text, ") ");
  text_char(text, process->state, 1);
  for (int field = STAT_PARENT; field <= STAT_FIELDS; field++) {
    uint64_t value = 0;
    if (field == STAT_PARENT) value = process->parent;
    if (field == STAT_MINOR) value = counts->faults - counts->major;
    if (field == STAT_MAJOR) value = counts->major;
    if (field == STAT_THREADS) value = 1;
    if (field == STAT_VIRTUAL) value = sums->virtual_pages << PAGE_SHIFT;
    if (field == STAT_RESIDENT) value = sums->resident;
    text_char(text, ' ', 1);
    text_decimal(text, value, 0);
  }
  text_char(text, '\n', 1);
}

void procfs_statm(struct text *text, const struct procfs_sums *sums) {
  const uint64_t fields[] = {sums->virtual_pages,
                             sums->resident,
                             sums->resident - sums->anonymous,
                             sums->code,
                             0,
                             sums->data + sums->stack,
                             0};
  for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
    if (i > 0) text_char(text, ' ', 1);
    text_decimal(text, fields[i], 0);
  }
  text_char(text, '\n', 1);
}

void procfs_faults(struct text *text, const struct pager_space_counts *counts) {
  line_count(text, "faults", counts->faults);
  line_count(text, "major", counts->major);
  line_count(text, "zeroed", counts->zeroed);
  line_count(text, "copied", counts->copied);
  line_count(text, "tables", counts->tables);
}
