#include "servers/fs/swap.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "abi/layout.h"
#include "lib/swap/swap_header.h"
#include "protocols/pager.h"
#include "servers/fs/block.h"
#include "servers/fs/directory.h"
#include "servers/fs/outside.h"
#include "servers/fs/regular.h"
#include "servers/fs/volume.h"

// Runs of all areas together: those of a file with blocks of 4 KiB are 4 MiB long, if it lies in
// one piece (an indirect block ends a run).
enum { RUNS_MAX = 512 };

// Cookies as vnodes have them, with an index that no vnode has.
enum { COOKIE_INDEX_SHIFT = 32, COOKIE_INDEX_MASK = 0xfff, COOKIE_INDEX = 0xfff };
enum { COOKIE_USE_SHIFT = 44 };

static struct swap_area areas[PAGER_SWAP_AREAS_MAX];
static struct swap_run runs[RUNS_MAX];
static uint32_t runs_used;
static uint64_t uses;

bool swap_has_cookie(uint64_t cookie) {
  return (cookie >> COOKIE_INDEX_SHIFT & COOKIE_INDEX_MASK) == COOKIE_INDEX;
}

const struct swap_area *swap_by_cookie(uint64_t cookie) {
  uint32_t index = (uint32_t)cookie;
  if (index >= PAGER_SWAP_AREAS_MAX || areas[index].cookie != cookie) return NULL;
  return &areas[index];
}

static struct swap_area *find(const struct disk *disk, const struct vnode *vnode) {
  for (unsigned i = 0; i < PAGER_SWAP_AREAS_MAX; i++) {
    struct swap_area *area = &areas[i];
    if (area->cookie != 0 && area->vnode == vnode && area->disk == disk) return area;
  }
  return NULL;
}

bool swap_uses_disk(const struct disk *disk) { return find(disk, NULL) != NULL; }

// The area of an open file, NULL: none.
static struct swap_area *find_file(const struct file *file) {
  struct disk *disk = block_disk(file);
  if (disk != NULL) return find(disk, NULL);
  return file->kind == &regular_kind ? find(volume.disk, file->vnode) : NULL;
}

// --- where the pages are: with volume.lock -----------------------------------------------------

// Where a page is, and how many of the next `max` >= 1 pages follow each other.
// => -EINVAL: there is a hole. => *run is 0: the blocks of the page do not follow each other.
static int locate(const struct swap_area *area, uint64_t page, uint32_t max, uint64_t *sector,
                  uint32_t *run) {
  *sector = page * SWAP_PAGE_SECTORS;
  *run = max;
  if (area->vnode == NULL) return 0;
  uint32_t blocks = (uint32_t)PAGE_SIZE / volume.block_bytes;  // of a page
  uint32_t known = 0;
  uint64_t disk_block;
  uint32_t alike;
  *run = 0;
  while (known < blocks) {
    int status = ext2_bmap(area->vnode->inode, page * blocks + known, max * blocks - known,
                           &disk_block, &alike);
    if (status != 0) return status;
    if (disk_block == 0) return -EINVAL;
    if (known == 0) {
      *sector = disk_block * (volume.block_bytes / DISK_SECTOR_BYTES);
      *run = alike / blocks;
    }
    known += alike;
  }
  return 0;
}

static int read_header(const struct swap_area *area) {
  uint64_t sector;
  uint32_t run;
  int status = locate(area, 0, 1, &sector, &run);
  if (status != 0) return status;
  if (run == 0) return -EINVAL;  // mkswap writes it into a fresh file: one piece of one page
  return disk_transfer_wait(area->disk, DISK_READ, sector, SWAP_PAGE_SECTORS, disk_scratch());
}

// The first bad page from `page` on; behind the last page if there is none.
static uint32_t next_bad(const struct swap_header *header, uint32_t page) {
  uint32_t next = header->last_page + 1;
  for (uint32_t i = 0; i < header->bad_pages; i++) {
    if (header->bad_page[i] >= page && header->bad_page[i] < next) next = header->bad_page[i];
  }
  return next;
}

// Appends what is usable of the pages [page, end).
static int add_pages(struct swap_area *area, uint32_t page, uint32_t end) {
  while (page < end) {
    uint64_t sector;
    uint32_t run;
    int status = locate(area, page, end - page, &sector, &run);
    if (status != 0) return status;
    if (!swap_map_append(&area->map, sector, run)) return -ENOMEM;
    page += run != 0 ? run : 1;
  }
  return 0;
}

// Makes the map of an area, behind the others' runs.
static int make_map(struct swap_area *area, uint64_t pages) {
  const struct swap_header *header = disk_scratch();
  area->map = (struct swap_map){.run = &runs[runs_used], .capacity = RUNS_MAX - runs_used};
  int status = pages > 0 ? read_header(area) : -EINVAL;
  if (status == 0) status = swap_header_check(header, pages);
  // As Linux: the pages of a file are as good as those of its disk.
  if (status == 0 && header->bad_pages > 0 && area->vnode != NULL) status = -EINVAL;
  uint32_t last_page = header->last_page;
  for (uint32_t page = 1; status == 0 && page <= last_page;) {
    uint32_t bad = next_bad(header, page);
    status = add_pages(area, page, bad);
    page = bad + 1;
  }
  if (status == 0 && area->map.slots == 0) status = -EINVAL;
  return status;
}

static void free_area(struct swap_area *area) {
  uint32_t count = area->map.count;
  uint32_t behind = (uint32_t)(area->map.run - runs) + count;
  memmove(area->map.run, &runs[behind], (runs_used - behind) * sizeof(runs[0]));
  for (unsigned i = 0; i < PAGER_SWAP_AREAS_MAX; i++) {
    if (areas[i].cookie != 0 && areas[i].map.run > area->map.run) areas[i].map.run -= count;
  }
  runs_used -= count;
  if (area->vnode != NULL) {
    area->vnode->swap = false;
    vnode_forget_pages(area->vnode);
    vnode_put(area->vnode);
  }
  *area = (struct swap_area){.cookie = 0};
}

// --- swapon ------------------------------------------------------------------------------------

static struct swap_area *take_free(void) {
  for (unsigned i = 0; i < PAGER_SWAP_AREAS_MAX; i++) {
    if (areas[i].cookie == 0) return &areas[i];
  }
  return NULL;
}

// Fills in what the area is on. => the number of pages, or a negative errno.
static int64_t choose(const struct file *file, struct swap_area *area) {
  area->disk = block_disk(file);
  area->vnode = NULL;
  if (area->disk != NULL) {
    if (disk_read_only(area->disk)) return -EROFS;
    return (int64_t)(disk_sectors(area->disk) / SWAP_PAGE_SECTORS);
  }
  if (file->kind != &regular_kind) return -EINVAL;
  if (file->vnode->inode == NULL) return -EIO;
  if (volume.read_only) return -EROFS;
  area->disk = volume.disk;
  area->vnode = file->vnode;
  return (int64_t)(file->vnode->size >> PAGE_SHIFT);
}

// With flags without FS_SWAP_PREFER each area has less than the one before, as under Linux.
static uint32_t priority_of(uint64_t flags) {
  static uint32_t next = PAGER_SWAP_PRIORITY_ASKED - 2;
  if ((flags & FS_SWAP_PREFER) != 0) {
    return PAGER_SWAP_PRIORITY_ASKED + (uint32_t)(flags & FS_SWAP_PRIORITY);
  }
  return next > 0 ? next-- : 0;
}

// => the area is chosen and has its map, behind all others.
static int64_t give_to_pager(struct swap_area *area, uint64_t flags) {
  uint64_t index = (uint64_t)(area - areas);
  uint64_t cookie =
      index | (uint64_t)COOKIE_INDEX << COOKIE_INDEX_SHIFT | ++uses << COOKIE_USE_SHIFT;
  int64_t status = outside_swap_add(cookie, area->map.slots, priority_of(flags));
  if (status <= 0) return status < 0 ? status : -EIO;
  area->cookie = cookie;
  area->pager_area = (uint32_t)status;
  area->remover = 0;
  runs_used += area->map.count;
  if (area->vnode != NULL) vnode_hold(area->vnode);
  return 0;
}

// => the area is chosen.
static int64_t use(struct swap_area *area, uint64_t pages, uint64_t flags) {
  // What is dirty would be written over the pages of others later on.
  int64_t status = area->vnode != NULL ? vnode_forget_pages(area->vnode) : 0;
  if (status == 0) status = make_map(area, pages);
  return status == 0 ? give_to_pager(area, flags) : status;
}

int64_t swap_on(struct process *process, struct call *call) {
  const struct file *file = process_file(process, call->word[1]);
  uint64_t flags = call->word[2];
  if ((flags & ~(uint64_t)(FS_SWAP_PREFER | FS_SWAP_PRIORITY)) != 0) return -EINVAL;
  if (file == NULL) return -EBADF;
  if (find_file(file) != NULL) return -EBUSY;
  struct swap_area *area = take_free();
  if (area == NULL) return -EPERM;
  int64_t pages = choose(file, area);
  if (pages < 0) return pages;
  if (area->disk == volume.disk && area->vnode == NULL && volume.ext2 != NULL) return -EBUSY;
  // From now on nobody changes it, nor maps it to do so.
  if (area->vnode != NULL) area->vnode->swap = true;
  int64_t status = use(area, (uint64_t)pages, flags);
  if (status != 0 && area->vnode != NULL) area->vnode->swap = false;
  return status;
}

void swap_name(uint64_t cookie, char *name, size_t size, bool *is_disk) {
  const struct swap_area *area = swap_by_cookie(cookie);
  *is_disk = area != NULL && area->vnode == NULL;
  size_t length = 0;
  if (*is_disk) {
    unsigned index = 0;
    while (disk_at(index) != area->disk) index++;
    strcpy(name, "/dev/vda");
    length = strlen(name);
    name[length - 1] = (char)('a' + index);
  } else if (area != NULL) {
    length = directory_path_of(area->vnode, name, size - 1);
  }
  if (length == 0) {
    strcpy(name, "?");
    length = 1;
  }
  name[length] = 0;
}

// --- swapoff -----------------------------------------------------------------------------------

static struct swap_area *removed_by(const struct process *process) {
  for (unsigned i = 0; i < PAGER_SWAP_AREAS_MAX; i++) {
    if (areas[i].cookie != 0 && areas[i].remover == process->badge) return &areas[i];
  }
  return NULL;
}

// After the pager: words FS_FLUSHED, status. EINVAL: it had removed it for a process that ended
// meanwhile.
static void finish_off(struct process *process, struct call *call) {
  int64_t status = (int64_t)call->word[1];
  fiber_lock_acquire(&volume.lock);
  struct swap_area *area = removed_by(process);
  if (area == NULL) {
    status = -EINVAL;
  } else if (status == 0 || status == -EINVAL) {
    free_area(area);
    status = 0;
  } else {
    area->remover = 0;
  }
  fiber_lock_release(&volume.lock);
  answer_status(&call->answer, status);
}

void swap_off(struct process *process, const struct event *event, struct answer *answer) {
  const struct file *file = process_file(process, event->word[1]);
  struct swap_area *area = file != NULL ? find_file(file) : NULL;
  if (area == NULL) {
    answer_status(answer, file == NULL ? -EBADF : -EINVAL);
  } else if (area->remover != 0 && process_find(area->remover) != NULL) {
    answer_status(answer, -EBUSY);
  } else {
    area->remover = process->badge;
    process->flushed = finish_off;
    answer_forward(answer, HANDLE_PAGER, PAGER_SWAP_REMOVE, area->pager_area, FS_FLUSHED, 0, 0);
  }
}
