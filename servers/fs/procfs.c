#include "servers/fs/procfs.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "abi/layout.h"
#include "servers/fs/clock.h"
#include "servers/fs/directory.h"
#include "servers/fs/outside.h"
#include "servers/fs/procfs_format.h"
#include "servers/fs/shm.h"
#include "servers/fs/swap.h"
#include "servers/fs/volume.h"

enum { OPEN_MAX = 48, RECORD_BYTES = 2048, KEPT = 3 };
enum { PROC_DEVICE = 3 };  // st_dev

// An open file.
struct procfs_file {
  const struct entry *entry;  // NULL: a free place
  uint32_t badge;             // of the process, 0: the system
  uint32_t record;            // that is at `offset`
  uint64_t offset;
};

// The text of a record that was made for an open file.
struct kept {
  const struct procfs_file *of;  // NULL: free
  uint32_t record;
  uint32_t bytes;  // 0: there is no such record
  char text[RECORD_BYTES];
};

static struct procfs_file open_files[OPEN_MAX];
static struct kept kept[KEPT];
static unsigned next_kept;

// Appends record `number`. => 1; 0: there is none; a negative errno. May wait for the disk.
typedef int64_t make_record(const struct procfs_file *file, uint32_t number, struct text *text);

struct entry {
  const char *name;
  make_record *make;
  bool of_process;
};

// --- the system --------------------------------------------------------------------------------

static int64_t meminfo(const struct procfs_file *file, uint32_t number, struct text *text) {
  (void)file;
  if (number > 0) return 0;
  int64_t status = outside_counts();
  if (status < 0) return status;
  procfs_meminfo(text, outside_own_page());
  return 1;
}

static int64_t vmstat(const struct procfs_file *file, uint32_t number, struct text *text) {
  (void)file;
  if (number > 0) return 0;
  int64_t status = outside_counts();
  if (status < 0) return status;
  procfs_vmstat(text, outside_own_page());
  return 1;
}

static int64_t swaps(const struct procfs_file *file, uint32_t number, struct text *text) {
  (void)file;
  if (number == 0) {
    procfs_swaps_head(text);
    return 1;
  }
  int64_t areas = outside_swaps();
  if (areas == -ENOSYS) areas = 0;
  if (areas < 0) return areas;
  if (number > areas) return 0;
  struct pager_swap from = ((const struct pager_swap *)outside_own_page())[number - 1];
  char name[FS_PATH_MAX];
  struct procfs_swap swap = {.name = name};
  swap_name(from.cookie, name, sizeof(name), &swap.is_disk);
  swap.kibibytes = (uint64_t)from.slots * (PAGE_SIZE / 1024);
  swap.used = (uint64_t)from.used * (PAGE_SIZE / 1024);
  swap.priority = (int64_t)from.priority - PAGER_SWAP_PRIORITY_ASKED;
  procfs_swap(text, &swap);
  return 1;
}

// Seconds since the start, and idle ones, which nobody counts.
static int64_t uptime(const struct procfs_file *file, uint32_t number, struct text *text) {
  (void)file;
  if (number > 0) return 0;
  uint64_t hundredths = clock_hundredths();
  text_decimal(text, hundredths / 100, 0);
  text_char(text, '.', 1);
  text_char(text, (char)('0' + hundredths / 10 % 10), 1);
  text_char(text, (char)('0' + hundredths % 10), 1);
  text_string(text, " 0.00\n");
  return 1;
}

// --- regions of a process ----------------------------------------------------------------------

// What the own message page holds.
static struct {
  uint32_t badge, first;
  int64_t count;
} batch;

// Region `number`, NULL: there is none, or in *status an error.
static const struct pager_region *region_at(uint32_t badge, uint32_t number, int64_t *status) {
  *status = 0;
  if (batch.badge != badge || number < batch.first || number >= batch.first + batch.count) {
    batch.badge = 0;
    *status = outside_regions(badge_slot(badge), number);
    if (*status <= 0) return NULL;
    batch.badge = badge;
    batch.first = number;
    batch.count = *status;
  }
  return (const struct pager_region *)outside_own_page() + (number - batch.first);
}

// The path of what is mapped, or what it is. Waits for the disk, so the region is a copy.
static void name_region(const struct pager_region *region, char *name, size_t size) {
  static const char *const names[] = {[BACKING_STACK] = "[stack]",
                                      [BACKING_HEAP] = "[heap]",
                                      [BACKING_MESSAGE] = "[message]",
                                      [BACKING_DEVICE] = "[device]"};
  struct text text = {name, size - 1, 0};
  const struct shm *shm = shm_has_cookie(region->cookie) ? shm_by_cookie(region->cookie) : NULL;
  if (shm != NULL) {
    text_string(&text, shm->linked ? "/dev/shm/" : "/memfd:");
    text_string(&text, shm->name);
    if (!shm->linked) text_string(&text, " (deleted)");
  } else if (region->backing == BACKING_FILE) {
    batch.badge = 0;  // others may use the page meanwhile
    text.used = directory_path_of(vnode_by_cookie(region->cookie), name, size - 1);
    if (text.used == 0) {
      text_string(&text, "inode ");
      text_decimal(&text, (uint32_t)region->cookie, 0);
      text_string(&text, " (deleted)");
    }
  } else if (region->backing < sizeof(names) / sizeof(names[0]) && names[region->backing] != NULL) {
    text_string(&text, names[region->backing]);
  } else if ((region->flags & PAGER_SHARED) != 0) {
    text_string(&text, "/dev/zero (deleted)");
  }
  name[text.used] = 0;
}

static int64_t region_record(const struct procfs_file *file, uint32_t number, struct text *text,
                             void (*format)(struct text *text, const struct pager_region *region,
                                            const char *name)) {
  int64_t status;
  const struct pager_region *found = region_at(file->badge, number, &status);
  if (found == NULL) return status;
  struct pager_region region = *found;
  static char name[RECORD_BYTES / 2];  // under volume.lock
  name_region(&region, name, sizeof(name));
  format(text, &region, name);
  return 1;
}

static int64_t maps(const struct procfs_file *file, uint32_t number, struct text *text) {
  return region_record(file, number, text, procfs_map);
}

static int64_t smaps(const struct procfs_file *file, uint32_t number, struct text *text) {
  return region_record(file, number, text, procfs_smap);
}

static int64_t sum_regions(uint32_t badge, struct procfs_sums *sums) {
  *sums = (struct procfs_sums){0};
  const struct pager_region *region;
  int64_t status;
  for (uint32_t i = 0; (region = region_at(badge, i, &status)) != NULL; i++) {
    procfs_add(sums, region);
  }
  return status;
}

// --- a process ---------------------------------------------------------------------------------

// Who else runs, fs does not know: only the reader is sure to.
static uint32_t reader;  // badge

static struct procfs_process describe(const struct process *process) {
  const struct process *parent = process_find(process->parent);
  return (struct procfs_process){.pid = process->pid,
                                 .parent = process->pid == 1 ? 0
                                           : parent != NULL  ? parent->pid
                                                             : 1,
                                 .name = process->name,
                                 .state = process->badge == reader ? 'R' : 'S'};
}

static int64_t status_file(const struct procfs_file *file, uint32_t number, struct text *text) {
  struct procfs_sums sums;
  if (number > 0) return 0;
  int64_t status = sum_regions(file->badge, &sums);
  if (status == 0) status = outside_space_counts(badge_slot(file->badge));
  if (status < 0) return status;
  struct procfs_process process = describe(process_find(file->badge));
  procfs_status(text, &process, &sums, outside_own_page());
  return 1;
}

static int64_t stat_line(const struct procfs_file *file, uint32_t number, struct text *text) {
  struct procfs_sums sums;
  if (number > 0) return 0;
  int64_t status = sum_regions(file->badge, &sums);
  if (status == 0) status = outside_space_counts(badge_slot(file->badge));
  if (status < 0) return status;
  struct procfs_process process = describe(process_find(file->badge));
  procfs_stat(text, &process, &sums, outside_own_page());
  return 1;
}

static int64_t statm(const struct procfs_file *file, uint32_t number, struct text *text) {
  struct procfs_sums sums;
  if (number > 0) return 0;
  int64_t status = sum_regions(file->badge, &sums);
  if (status < 0) return status;
  procfs_statm(text, &sums);
  return 1;
}

static int64_t comm(const struct procfs_file *file, uint32_t number, struct text *text) {
  if (number > 0) return 0;
  text_string(text, process_find(file->badge)->name);
  text_char(text, '\n', 1);
  return 1;
}

static int64_t faults(const struct procfs_file *file, uint32_t number, struct text *text) {
  if (number > 0) return 0;
  int64_t status = outside_space_counts(badge_slot(file->badge));
  if (status < 0) return status;
  procfs_faults(text, outside_own_page());
  return 1;
}

// --- names -------------------------------------------------------------------------------------

static const struct entry entries[] = {
    {"meminfo", meminfo, false}, {"swaps", swaps, false},       {"uptime", uptime, false},
    {"vmstat", vmstat, false},   {"comm", comm, true},          {"faults", faults, true},
    {"maps", maps, true},        {"smaps", smaps, true},        {"stat", stat_line, true},
    {"statm", statm, true},      {"status", status_file, true},
};

enum { ENTRIES = sizeof(entries) / sizeof(entries[0]) };

int procfs_find(const char *name, bool of_process) {
  for (int i = 0; i < ENTRIES; i++) {
    if (entries[i].of_process == of_process && strcmp(entries[i].name, name) == 0) return i;
  }
  return -1;
}

const char *procfs_file_at(unsigned index, bool of_process, unsigned *file) {
  for (unsigned i = 0; i < ENTRIES; i++) {
    if (entries[i].of_process != of_process || index-- > 0) continue;
    *file = i;
    return entries[i].name;
  }
  return NULL;
}

unsigned procfs_files(bool of_process) {
  unsigned count = 0;
  for (unsigned i = 0; i < ENTRIES; i++) count += entries[i].of_process == of_process;
  return count;
}

// --- reading: with volume.lock -----------------------------------------------------------------

// The text of a record. => NULL: in *status 0 behind the last one, or a negative errno.
static const struct kept *record(const struct procfs_file *file, uint32_t number, int64_t *status) {
  for (unsigned i = 0; i < KEPT; i++) {
    if (kept[i].of == file && kept[i].record == number) return &kept[i];
  }
  static char made[RECORD_BYTES];
  struct text text = {made, sizeof(made), 0};
  *status = file->badge != 0 && process_find(file->badge) == NULL
                ? -ESRCH
                : file->entry->make(file, number, &text);
  if (*status <= 0) return NULL;
  struct kept *keep = &kept[next_kept++ % KEPT];
  keep->of = file;
  keep->record = number;
  keep->bytes = (uint32_t)text.used;
  memcpy(keep->text, made, text.used);
  return keep;
}

static int64_t read_at(struct procfs_file *file, uint64_t offset, uint64_t length,
                       struct process *process) {
  if (offset < file->offset) file->record = file->offset = 0;
  batch.badge = 0;
  reader = process->badge;
  uint64_t done = 0;
  while (done < length) {
    int64_t status;
    const struct kept *found = record(file, file->record, &status);
    if (found == NULL) return done > 0 ? (int64_t)done : status;
    uint64_t skip = offset + done - file->offset;
    if (skip >= found->bytes) {
      file->record++;
      file->offset += found->bytes;
      continue;
    }
    uint64_t count = found->bytes - skip < length - done ? found->bytes - skip : length - done;
    memcpy((char *)process_page(process) + done, found->text + skip, count);
    done += count;
  }
  return (int64_t)done;
}

static void serve_read(struct process *process, struct call *call) {
  // The descriptor stays open: only its process could close it.
  struct file *file = process_file(process, call->word[1]);
  bool at_position = call->word[4] == FS_AT_POSITION;
  uint64_t length = call->word[3] < FS_DATA_MAX ? call->word[3] : FS_DATA_MAX;
  fiber_lock_acquire(&volume.lock);
  uint64_t offset = at_position ? file->position : call->word[4];
  int64_t status =
      offset > (uint64_t)INT64_MAX ? -EINVAL : read_at(file->of_kind, offset, length, process);
  if (at_position && status > 0) file->position = offset + (uint64_t)status;
  fiber_lock_release(&volume.lock);
  answer_status(&call->answer, status);
}

static void procfs_read(struct process *process, struct file *file, const struct event *event,
                        struct answer *answer) {
  (void)file;
  process_serve(process, event, answer, serve_read);
}

static void procfs_write(struct process *process, struct file *file, const struct event *event,
                         struct answer *answer) {
  (void)process;
  (void)file;
  (void)event;
  answer_status(answer, -EBADF);  // it is never open for that
}

static void procfs_close(struct file *file) {
  struct procfs_file *open_file = file->of_kind;
  for (unsigned i = 0; i < KEPT; i++) {
    if (kept[i].of == open_file) kept[i].of = NULL;
  }
  open_file->entry = NULL;
}

// Linux says that they are empty, too.
static uint64_t procfs_size(const struct file *file) {
  (void)file;
  return 0;
}

static void procfs_stat_file(const struct file *file, struct fs_stat *stat) {
  (void)file;
  stat->dev = PROC_DEVICE;
  stat->mode = S_IFREG | 0444;
  stat->nlink = 1;
  stat->blksize = FS_DATA_MAX;
}

static const struct file_kind procfs_kind = {.read = procfs_read,
                                             .write = procfs_write,
                                             .close = procfs_close,
                                             .size = procfs_size,
                                             .stat = procfs_stat_file};

int procfs_open(uint32_t pid, unsigned number, struct file **file) {
  const struct process *process = pid != 0 ? process_by_pid(pid) : NULL;
  if (pid != 0 && process == NULL) return -ENOENT;
  for (unsigned i = 0; i < OPEN_MAX; i++) {
    if (open_files[i].entry != NULL) continue;
    *file = file_new(&procfs_kind);
    if (*file == NULL) return -ENFILE;
    open_files[i] = (struct procfs_file){.entry = &entries[number],
                                         .badge = process != NULL ? process->badge : 0};
    (*file)->of_kind = &open_files[i];
    return 0;
  }
  return -ENFILE;
}
