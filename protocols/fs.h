// Calls to fs: names, files, pipes, devices. Paths are in the caller's message page, terminated
// by 0, the first at byte 0, a second at FS_SECOND_PATH; at most FS_PATH_MAX with the 0.
// Data of files moves between the caller's memory and the page cache (the call is forwarded to
// the pager); data of pipes, devices and directories through the message page, at most
// FS_DATA_MAX bytes a call: libsys asks FS_READ/FS_WRITE, which says FS_VIA_MESSAGE when the data
// belongs there.
#ifndef PROTOCOLS_FS_H
#define PROTOCOLS_FS_H

#include <stdint.h>

#include "abi/layout.h"

#define FS_PATH_MAX 1792
#define FS_SECOND_PATH 1792
#define FS_DATA_MAX MESSAGE_BYTES
// Of a file, FS_READ and FS_WRITE move at most this many bytes a call, so that no call keeps a
// server long, nor takes the whole disk before the caller's address turns out to be bad.
#define FS_TRANSFER_MAX (1u << 20)
#define FS_OPEN_MAX 64  // file descriptors of a process

enum fs_op {
  // (O_* flags, mode) -> fd | kind << 32 (enum fs_kind). Of a FIFO DEFERRED until the other end is
  // open, too: EINTR; with O_NONBLOCK ENXIO instead if only writing was asked for
  FS_OPEN = 1,
  FS_CLOSE = 2,  // (fd)
  // (fd, address, length, offset or FS_AT_POSITION) -> bytes. For kinds other than FS_KIND_FILE
  // the data is in the message page and address is not used. DEFERRED.
  FS_READ = 3,
  FS_WRITE = 4,
  FS_SEEK = 5,       // (fd, offset, whence) -> position. ESPIPE EINVAL
  FS_STAT = 6,       // (FS_NOFOLLOW or 0), path -> struct fs_stat in the message page
  FS_FSTAT = 7,      // (fd) -> the same
  FS_TRUNCATE = 8,   // (size), path
  FS_FTRUNCATE = 9,  // (fd, size)
  FS_DUP = 10,       // (fd, lowest new fd, FS_DUP_EXACT | FS_DUP_CLOEXEC) -> new fd
  FS_FCNTL = 11,     // (fd, F_GETFD F_SETFD F_GETFL F_SETFL, argument)
  FS_PIPE = 12,      // (O_CLOEXEC | O_NONBLOCK) -> read fd, write fd
  FS_UNLINK = 13,
  FS_MKDIR = 14 /* (mode) */,
  FS_RMDIR = 15,
  FS_RENAME = 16,    // path, second path
  FS_LINK = 17,      // path (existing), second path
  FS_SYMLINK = 18,   // path: the link's text; second path: the new name
  FS_READLINK = 19,  // -> bytes of text, in the message page
  FS_CHDIR = 20,
  FS_FCHDIR = 21 /* (fd) */,
  FS_GETCWD = 22,   // -> bytes, in the message page
  FS_READDIR = 23,  // (fd) -> bytes of struct fs_dirent in the message page, 0 at the end
  FS_CHMOD = 24,
  FS_FCHMOD = 25 /* (fd, mode) */,
  // (atime, mtime in ns since 1970 or FS_TIME_*; FS_NOFOLLOW)
  FS_UTIMES = 26,
  FS_ACCESS = 27,  // (R_OK W_OK X_OK)
  FS_FSYNC = 28,   // (fd). DEFERRED
  FS_SYNC = 29,    // (). DEFERRED
  FS_MAP = 30,     // (fd, address, length, offset, prot | flags << 8): forwarded as
                   // PAGER_OBJECT_MAP, EACCES EBADF ENODEV checked here
  FS_STATFS = 31,  // -> struct fs_statfs in the message page
  FS_MKNOD = 32,   // (mode, device)
  FS_UMASK = 33,   // (mask) -> old
  FS_ISATTY = 34,  // (fd) -> 1 or -ENOTTY
  FS_CHOWN = 35,   // (uid, gid, FS_NOFOLLOW)

  // The file in fd, a regular one or a block device with the header that mkswap makes, becomes a
  // swap area. (fd, 0 or FS_SWAP_PREFER | priority 0..FS_SWAP_PRIORITY). EBADF EROFS EIO; EINVAL:
  // of another kind, has no such header or has holes; EBUSY: it is a swap area, mounted, or has
  // pages that are mapped or not stored; EPERM: too many areas; ENOMEM: it is in too many pieces,
  // or the pager has no memory for it. While it is one, it cannot be changed (ETXTBSY), unlinked or
  // renamed (EPERM)
  FS_SWAPON = 36,
  // No more. (fd). DEFERRED until all its pages are back in memory. EBADF EBUSY ENOMEM EIO; EINVAL:
  // it is none
  FS_SWAPOFF = 37,

  // Makes memory that is a file (protocols/pager.h, enum object_kind), open for reading and
  // writing: (FS_SHM_*, size in bytes, bound in ms, see PAGER_OBJECT_CREATE), name
  //   -> fd | FS_KIND_FILE << 32, cookie.
  // Size and bound are 0 but for FS_SHM_PROVIDED: of that the caller is the provider, and its
  // requests name it by the cookie. EINVAL EEXIST EMFILE ENFILE ENAMETOOLONG; ENOSPC: too many;
  // ENOMEM; ESRCH: the caller is no provider
  FS_SHM = 38,

  // --- from proc (via VIA_PROC), IMMEDIATE ---
  // (parent badge, child badge, child pid): the child has the same files. ENOMEM
  FS_FORK = 64,
  FS_EXITED = 65,  // (badge): closes its files
  FS_EXEC = 66,    // forwarded caller: (fd): closes O_CLOEXEC files, forwards as PAGER_EXEC.
                   // EACCES ENOEXEC EBADF EISDIR
  // Writes everything and marks the file system clean. proc forwards the caller of PROC_POWEROFF;
  // fs does not answer it, but forwards it back when all is done, or failed: PROC_UNMOUNTED
  // (status) at HANDLE_PROC. DEFERRED.
  FS_UNMOUNT = 67,
  // (parent badge, child badge, fd, child pid): the child has files as the struct spawn_request in
  // the
  // parent's message page says, and the program in fd, of the parent's, is good to run -> its
  // memory object. ENOMEM EBADF EACCES ENOEXEC ENOTDIR
  FS_SPAWN = 69,

  // (badge): a signal came for it: its wait for a pipe or FIFO ends with EINTR -> 1; there is none,
  // or the signal has been taken before it -> 0. From proc, IMMEDIATE
  FS_INTERRUPT = 68,

  // --- from the pager (via VIA_PAGER): a caller whose PAGER_OBJECT_FLUSH is done ---
  FS_FLUSHED = 96,  // (status). Metadata follows, then the answer
  // --- from the pager: a caller whose read or write did not move all its bytes ---
  // (descriptor | FS_MOVED_*, bytes moved or a negative errno, offset, length). The position goes
  // to where the bytes end, a file that grew for them shrinks again, then comes the answer. Without
  // FS_MOVED_* no descriptor is given, and there is only the answer
  FS_MOVED = 97,
};

enum fs_kind {
  FS_KIND_FILE = 0,     // data through the pager
  FS_KIND_MESSAGE = 1,  // pipe, device, directory: data through the message page
};

// FS_SHM: also O_CLOEXEC.
enum {
  FS_SHM_PROVIDED = 1,  // by the caller
  FS_SHM_LINKED = 2,    // the name is in /dev/shm; without it only shows, as "memfd:NAME"
};

// In the upper half of what fs gives the pager for the end of a read or write, see
// PAGER_OBJECT_READ.
#define FS_MOVED_AT_POSITION (1u << 16)  // the position of the file was moved on
#define FS_MOVED_APPENDED (1u << 17)     // from another one than where the bytes go
#define FS_MOVED_GREW (1u << 18)         // a write that made the file longer
#define FS_MOVED_THEN(fd, flags) (FS_MOVED | ((uint64_t)(fd) | (flags)) << 32)

#define FS_AT_POSITION ((uint64_t)-1)
#define FS_TIME_OMIT INT64_MIN  // leave this time as it is
#define FS_TIME_NOW INT64_MAX
// Without FS_SWAP_PREFER an area has a lower priority than all with it, and than those before it.
enum { FS_SWAP_PREFER = 0x8000, FS_SWAP_PRIORITY = 0x7fff };
enum { FS_NOFOLLOW = 1, FS_DUP_EXACT = 1, FS_DUP_CLOEXEC = 2 };

struct fs_stat {
  uint64_t dev, ino, size, blocks /* of 512 */, rdev;
  uint32_t mode, nlink, uid, gid, blksize;
  uint32_t kind;                // enum fs_kind, of FS_FSTAT
  int64_t atime, mtime, ctime;  // nanoseconds since 1970
};

struct fs_dirent {
  uint64_t ino;
  uint16_t bytes;  // of this entry, a multiple of 8
  uint8_t type;    // DT_*
  uint8_t name_bytes;
  char name[];  // terminated by 0
};

struct fs_statfs {
  uint64_t block_bytes, blocks, blocks_free, blocks_available, files, files_free, name_max;
};

#endif
