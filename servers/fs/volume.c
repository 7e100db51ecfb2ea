#include "servers/fs/volume.h"

#include <errno.h>
#include <stddef.h>

#include "libsys/server_rt/panic.h"
#include "servers/fs/clock.h"
#include "servers/fs/disk.h"
#include "servers/fs/path.h"
#include "servers/fs/vnode.h"

// Inodes referenced at a time: the vnodes', and those that operations under way hold.
enum { INODES = VNODES_MAX + 64 };

struct volume volume;

static void report_damage(void *ctx, const char *what, uint64_t number) {
  (void)ctx;
  debug_print("fs: damaged: %s (%lu)\n", what, number);
}

// As many block buffers as the arena has room for.
static uint32_t buffers_in(uint64_t arena_bytes) {
  uint64_t fixed = EXT2_ARENA_SIZE(0, INODES);
  if (arena_bytes < fixed) return 0;
  uint64_t per_buffer = EXT2_ARENA_SIZE(1, 0) - EXT2_ARENA_SIZE(0, 0);
  uint64_t buffers = (arena_bytes - fixed) / per_buffer;
  return buffers < EXT2_MAX_BUFFERS ? (uint32_t)buffers : EXT2_MAX_BUFFERS;
}

static int mount_on(struct disk *disk) {
  uint64_t arena_bytes;
  void *arena = disk_arena(&arena_bytes);
  struct block_device device;
  disk_as_block_device(disk, &device);
  struct ext2_options options = {
      .buffers = buffers_in(arena_bytes),
      .inodes = INODES,
      .read_only = disk_read_only(disk),
      .use_reserved = true,
      .now = clock_now,
      .report = report_damage,
  };
  volume.disk = disk;
  return ext2_mount(&device, &options, arena, arena_bytes, &volume.ext2);
}

// A disk that holds something else, such as a swap area, is passed over.
static int mount(void) {
  int status = -EINVAL;
  struct disk *disk;
  for (unsigned i = 0; status == -EINVAL && (disk = disk_at(i)) != NULL; i++) {
    status = mount_on(disk);
  }
  return status;
}

static int open_root(void) {
  struct ext2_statfs status;
  ext2_statfs(volume.ext2, &status);
  volume.block_bytes = status.block_size;
  volume.read_only = status.read_only;
  struct ext2_inode *inode;
  int result = ext2_iget(volume.ext2, EXT2_ROOT, &inode);
  if (result != 0) return result;
  result = vnode_get(inode, &volume.root);
  if (result == 0) path_mount();
  return result;
}

static const char *reason(int status) {
  switch (status) {
    case -EINVAL:
      return "no disk has an ext2 file system";
    case -ENOTSUP:
      return "the file system has features that are not supported";
    case -ENOMEM:
      return "not enough memory";
    default:
      return "the disk is damaged or cannot be read";
  }
}

void volume_mount(void) {
  fiber_lock_acquire(&volume.lock);
  int status = mount();
  if (status == 0) status = open_root();
  if (status != 0) {
    volume.ext2 = NULL;
    debug_print("fs: cannot mount: %s (error %d)\n", reason(status), -status);
  }
  fiber_lock_release(&volume.lock);
}

int volume_sync(void) {
  vnodes_touch();
  return ext2_sync(volume.ext2);
}

int volume_unmount(void) {
  vnodes_release();
  volume.root = NULL;
  int status = ext2_unmount(volume.ext2);
  volume.ext2 = NULL;
  return status;
}
