// Calls to the pager. word[0] is the operation, with PAGER_OBJECT_* (but _CREATE), PAGER_EXEC
// and PAGER_SPAWN the object in its upper 32 bits: PAGER_WORD0(op, object); the arguments listed
// here follow from word[1]. Results in the reply's first word(s), a negative errno on error. `via`
// says who may: PROGRAM for its own space (the origin), or the server that has the authority. All
// operations are IMMEDIATE unless marked DEFERRED; but a program's call waits for memory that it
// needs and eviction can find.
#ifndef PROTOCOLS_PAGER_H
#define PROTOCOLS_PAGER_H

#include <stdint.h>

#define PAGER_WORD0(op, object) ((uint64_t)(op) | (uint64_t)(object) << 32)

#define PAGER_FRESH_MAX 0xffffffu
#define PAGER_WRITE_WORD0(object, fresh) \
  (PAGER_OBJECT_WRITE | (uint64_t)(fresh) << 8 | (uint64_t)(object) << 32)

enum pager_op {
  // --- PROGRAM: on the origin's own space ---
  // (address, length, prot | flags << 8) -> address. Anonymous memory. EINVAL ENOMEM EEXIST
  // EPERM (page 0, nothing may be locked) EAGAIN (too much is locked) EACCES (PAGER_READ_ONLY)
  PAGER_MAP = 1,
  PAGER_UNMAP = 2,  // (address, length). EINVAL
  // (address, length, prot, PAGER_PROT_GROWSDOWN). EINVAL EACCES ENOMEM: up to there it is done
  PAGER_PROTECT = 3,
  // (new break, 0 = query) -> break in force, old one if it cannot be had. ENOMEM
  PAGER_BREAK = 4,
  // (address, length, PAGER_SYNC_*). DEFERRED until the dirty pages of shared file mappings are
  // stored.
  // EINVAL ENOMEM EIO ENOSPC
  PAGER_SYNC = 5,
  // Writes struct pager_region[] of process slot (0 = own) to the message page from byte 0.
  // (slot, first region) -> regions written, 0 at the end. ESRCH. This and the two that follow:
  // also from fs, for its own message page.
  PAGER_REGIONS = 6,
  // Writes struct pager_counts of the whole system to the message page. () -> 0
  PAGER_COUNTS = 7,
  // Writes struct pager_space_counts of process slot (0 = own) to the message page.
  PAGER_SPACE_COUNTS = 8,
  // (address, old length, new length, PAGER_REMAP_*, new address) -> address. Old length 0: another
  // mapping of a shared one. EINVAL EFAULT ENOMEM EAGAIN EPERM
  PAGER_REMAP = 9,
  // (address, length, enum pager_advice) -> 0; ADVICE_POPULATE_*: bytes done, from the start of the
  // range on, which may be fewer than asked for, but some. EINVAL ENOMEM EFAULT. DEFERRED where
  // pages must be read
  PAGER_ADVISE = 10,
  // (address, length, 0), or with PAGER_LOCK_* of all regions: those there are, those to come.
  // Which
  // pages are not in memory, ADVICE_POPULATE_* brings there. EINVAL ENOMEM EPERM
  PAGER_LOCK = 11,
  // (address, length, 0 or PAGER_LOCK_CURRENT: all regions). EINVAL ENOMEM
  PAGER_UNLOCK = 12,
  // (address, length): writes a byte for each page to the message page, as many as fit: whether it
  // is in memory. -> pages. EINVAL ENOMEM
  PAGER_RESIDENT = 13,
  // (enum pager_limit or LIMIT_ASK, soft, hard): sets one of the limits, and writes all as they
  // were before, struct pager_limit_value[LIMIT_COUNT], to the message page. EINVAL EPERM (hard
  // limits only go down)
  PAGER_LIMIT = 14,
  // (enum pager_option of pager_options.h, value or PAGER_OPTION_ASK) -> the value so far. EINVAL:
  // there is no such option, or not with this value
  PAGER_OPTION = 15,
  // Makes the caller a provider of memory objects. () -> address of its buffer of
  // OBJECT_REQUEST_PAGES pages, also if it was one before. It ends with the program. ENOMEM
  PAGER_PROVIDER = 17,
  // Answers a request and waits for the next one, as protocols/object.h says. (tag of the request
  // that is done, 0 for none; 0 or a negative errno; 0 or PAGER_SERVE_POLL) ->
  // PAGER_SERVED_WORD0(enum object_op, pages, tag), cookie, first page, bytes. DEFERRED.
  // EINVAL: not a provider, or no answer to what was asked, which has failed then; ETIMEDOUT: the
  // answer came too late, or its object is gone or has been cut off meanwhile; EAGAIN: there is no
  // request to poll; EINTR: there is none, and a signal came: the answer has been taken
  PAGER_SERVE = 18,
  // (address, length): writes a byte for each page to the message page, as many as fit: whether it
  // was written to since this was last asked; where that is not known, it was. -> pages. EINVAL
  // ENOMEM
  PAGER_DIRTY = 19,
  // Writes struct pager_swap[] of all swap areas to the message page, by descending priority.
  // () -> areas. Also from fs.
  PAGER_SWAPS = 20,

  // Pages of an object that the caller provides go away everywhere. (cookie, first page, pages) ->
  // how many of them are dirty and come back first, by requests OBJECT_PAGE_OUT; who accesses
  // one waits until it is back, and then asks for it again. ESRCH: it provides no such object
  // EINVAL: no such pages
  PAGER_INVALIDATE = 21,
  // Gives up an object that the caller provides: its pages are lost, and who accesses them gets
  // SIGBUS or EIO. (cookie). ESRCH
  PAGER_DETACH = 22,

  // Waits until there is memory for a fork, spawn or exec that was refused with ENOMEM and is to be
  // tried again; others leave it alone meanwhile. () -> 0. DEFERRED. ENOMEM: there will be none
  PAGER_MEMORY = 23,

  // From now on the caller can be sent upcalls: its message page is its thread's call buffer
  // (protocols/signal.h). () -> 0, also if it was so before
  PAGER_UPCALL = 16,

  // --- FS: objects ---
  // Makes a memory object that fs names. (cookie, size in bytes, PAGER_OBJECT_KIND(enum
  // object_kind,
  // badge of the provider), bound in ms) -> object > 0. Badge and bound are 0 but for
  // OBJECT_OF_PROGRAM. EFBIG; EINVAL: kind or bound; ESRCH: the badge is no provider's
  // (PAGER_PROVIDER)
  // ENOMEM
  PAGER_OBJECT_CREATE = 32,
  // The file's size changed. Pages beyond the new end go away everywhere, the rest of the last
  // page reads as zeros. (size). EBUSY while pages to be dropped are being written: the
  // provider finishes those requests and asks again
  PAGER_OBJECT_RESIZE = 33,
  // No open file names the object any more. Cached pages stay. () -> 0, or 1 if it is still
  // mapped, 2 if it only has dirty pages: OBJECT_IDLE follows when it has neither
  PAGER_OBJECT_CLOSE = 34,
  // Forgets object and pages. (force). EBUSY if mapped or dirty, unless force, which
  // leaves mappings that give SIGBUS and drops dirty pages (the file was deleted)
  PAGER_OBJECT_DESTROY = 35,
  // Writes all dirty pages of the object; of every object: object 0. Forwarded callers. (then).
  // DEFERRED. When all is stored, or failed with EIO or ENOSPC, the caller is not answered but
  // forwarded to fs, which has metadata to write: (then, status) at HANDLE_FS, via VIA_PAGER
  PAGER_OBJECT_FLUSH = 36,
  // Copy between an object's pages and the origin's memory. Forwarded callers.
  // (offset, address, length, then) -> length. The range lies within the size (fs
  // has checked and grown it). DEFERRED if pages must be read first. A caller whose bytes could not
  // all be moved (EFAULT EIO ENOMEM EINVAL, if none) is not answered but forwarded to fs: (lower
  // half of then, upper half, bytes moved or errno, offset, length) at HANDLE_FS, via VIA_PAGER.
  // WRITE: its pages have store from now on. PAGER_WRITE_WORD0 says how many of the last pages
  // that the range touches hold no data in the store (new blocks): unless cached, they start as
  // zeros and are never read, and they are zeros even if the copy ends early.
  PAGER_OBJECT_READ = 37,
  PAGER_OBJECT_WRITE = 38,
  // Maps a file. Forwarded. (offset, address, length, prot | flags << 8 |
  // maximum prot << 32) -> address. EINVAL ENOMEM EEXIST EACCES
  PAGER_OBJECT_MAP = 39,
  // Replaces the origin's space by the program that the struct exec_image in its message page
  // describes. Forwarded. (). The caller starts at the entry point; on error (EINVAL
  // ENOMEM) nothing has changed
  PAGER_EXEC = 40,
  // How the last PAGER_EXEC ended, which fs has forwarded just before. (badge) -> 0 or its error;
  // ESRCH: the last one was another's
  PAGER_EXEC_STATUS = 44,
  // Gives the pager a swap area: `slots` pages of store, which OBJECT_PAGE_IN and OBJECT_PAGE_OUT
  // on the cookie read and write (page = slot, whole pages). Areas of higher priority are filled
  // first, those of one priority in turn.
  // (cookie, slots > 0, priority 0..PAGER_SWAP_PRIORITY_MAX) -> area > 0. EINVAL; EPERM: there are
  // PAGER_SWAP_AREAS_MAX already; ENOMEM: for the slot table
  PAGER_SWAP_ADD = 42,
  // Brings every page back from the area, which gets no more, and forgets it. Forwarded callers.
  // (area, then). DEFERRED. The caller is not answered but forwarded to fs, as by
  // PAGER_OBJECT_FLUSH, with the status 0; EINVAL: there is no such area; EBUSY: it is being
  // removed already; ENOMEM: the pages do not fit into memory and the other areas, and the area
  // goes on; EIO: some could not be read, and the area goes on
  PAGER_SWAP_REMOVE = 43,

  // --- PROC: spaces ---
  // Child gets a copy of the parent's space, and a thread that continues the parent's pending
  // call with answer 0. (parent badge, child badge). ENOMEM EAGAIN
  PAGER_FORK = 64,
  // Ends all threads of a space and frees everything. Dirty shared pages are still written. Writes
  // struct pager_usage, what the process has used, to proc's message page. (badge). ESRCH
  PAGER_KILL = 65,
  // Child is a new program in a new space, as PAGER_EXEC makes it from the struct exec_image in
  // the parent's message page; it runs. The parent loses the argument block if that is in its
  // memory, and nothing else. (parent badge, child badge). On error (EINVAL ENOMEM EAGAIN ESRCH)
  // nothing has changed
  PAGER_SPAWN = 66,
  // Makes a process look at its signals, by an upcall to `entry` of its struct signal_page, unless
  // `busy`: then it will look itself. (badge). EBUSY: it waits in a call. ESRCH, EINVAL: there is
  // no such process, or it takes no upcalls
  PAGER_INTERRUPT = 67,
  // After NOTIFY_OOM: memory and swap are full. () -> badge of the program to be ended, the
  // largest,
  // and its size in KiB << 32; 0: none any more
  PAGER_OOM_VICTIM = 68,
};

// Who fills the pages of an object that fs names, and takes them back.
enum object_kind {
  OBJECT_OF_FILE = 0,     // fs, through its ring (protocols/object.h)
  OBJECT_OF_MEMORY = 1,   // nobody: pages start as zeros and stay (shared memory)
  OBJECT_OF_PROGRAM = 2,  // a program, through PAGER_SERVE
};

#define PAGER_OBJECT_KIND(kind, provider) ((uint64_t)(kind) | (uint64_t)(provider) << 32)

#define PAGER_SERVE_POLL 1u  // do not wait

// The first word of a request to a program. It is never negative.
#define PAGER_SERVED_WORD0(op, count, tag) \
  ((uint64_t)(op) | (uint64_t)(count) << 8 | (uint64_t)(tag) << 32)
#define PAGER_SERVED_OP(word) ((uint32_t)(word)&0xffu)
#define PAGER_SERVED_COUNT(word) ((uint32_t)(word) >> 8 & 0xffu)
#define PAGER_SERVED_TAG(word) ((uint32_t)((word) >> 32))

#define PAGER_ERROR_MAX 4095  // a status is 0 or -PAGER_ERROR_MAX..-1

// How long clients of a program's object wait for an answer, in ms: 1..PAGER_BOUND_MAX.
#define PAGER_BOUND_MAX 600000u

// prot, as PROT_* of <sys/mman.h> (same bits as abi/syscall.h: R 1, W 2, X 4).
// flags of PAGER_MAP and PAGER_OBJECT_MAP.
enum {
  PAGER_SHARED = 1,
  PAGER_PRIVATE = 2,
  PAGER_FIXED = 4,            // replaces what is there
  PAGER_FIXED_NOREPLACE = 8,  // EEXIST if something is there
  PAGER_GROWSDOWN = 16,
  PAGER_LOCKED = 32,     // as by PAGER_LOCK
  PAGER_READ_ONLY = 64,  // PAGER_MAP: never writable. EACCES if prot has W
};

// With prot of PAGER_PROTECT: the range begins where the region at `address` does, one that is
// PAGER_GROWSDOWN.
#define PAGER_PROT_GROWSDOWN 0x01000000u

// flags of PAGER_REMAP, the values of MREMAP_*.
enum { PAGER_REMAP_MAYMOVE = 1, PAGER_REMAP_FIXED = 2, PAGER_REMAP_DONTUNMAP = 4 };

// The values of MADV_*.
enum pager_advice {
  ADVICE_NORMAL = 0,
  ADVICE_RANDOM = 1,      // neither read ahead nor enter neighbours
  ADVICE_SEQUENTIAL = 2,  // read far ahead
  ADVICE_WILLNEED = 3,    // starts to read
  ADVICE_DONTNEED = 4,    // private pages are as never written to. EINVAL where locked
  ADVICE_FREE = 8,        // the same at some time later, unless written to. Private memory only
  ADVICE_DONTFORK = 10,   // a child does not get the range
  ADVICE_DOFORK = 11,
  ADVICE_DONTDUMP = 16,  // nothing: there are no dumps
  ADVICE_DODUMP = 17,
  ADVICE_WIPEONFORK = 18,  // a child gets it empty. Private memory only
  ADVICE_KEEPONFORK = 19,
  ADVICE_POPULATE_READ = 22,  // makes pages present, as if each was read, or written to
  ADVICE_POPULATE_WRITE = 23,
  ADVICE_POPULATE_LOCKED = 256,  // of locked regions; passes over holes and the others
  ADVICE_POPULATE_ALL = 257,     // the same; passes over what cannot be made present, too
};

// PAGER_LOCK, PAGER_UNLOCK: all regions; the values of MCL_*.
enum { PAGER_LOCK_CURRENT = 1, PAGER_LOCK_FUTURE = 2 };

// Bytes, LIMIT_NONE for no limit. A forked child has its parent's; exec keeps them.
enum pager_limit {
  LIMIT_AS = 0,       // of all regions: ENOMEM
  LIMIT_DATA = 1,     // of private writable ones but for stacks: ENOMEM
  LIMIT_STACK = 2,    // how far a stack grows: SIGSEGV
  LIMIT_MEMLOCK = 3,  // of locked regions: ENOMEM, EAGAIN; EPERM if it is 0
  LIMIT_RSS = 4,      // in memory: own pages are evicted beyond
  LIMIT_COUNT = 5,
};
#define LIMIT_NONE UINT64_MAX
#define LIMIT_ASK 0xffffffffu

struct pager_limit_value {
  uint64_t soft, hard;
};

// flags of PAGER_SYNC, the values of MS_*.
enum { PAGER_SYNC_ASYNC = 1, PAGER_SYNC_INVALIDATE = 2, PAGER_SYNC_SYNC = 4 };

enum region_backing {
  BACKING_ANONYMOUS = 0,
  BACKING_FILE = 1,
  BACKING_STACK = 2,
  BACKING_HEAP = 3,
  BACKING_MESSAGE = 4,
  BACKING_DEVICE = 5,
};

struct pager_region {
  uint64_t start, end;
  uint64_t offset;        // in the object
  uint64_t cookie;        // fs: inode number in the low 32 bits
  uint32_t prot;          // PROT_*
  uint32_t flags;         // PAGER_SHARED or PAGER_PRIVATE, PAGER_GROWSDOWN
  uint32_t backing;       // enum region_backing
  uint32_t resident;      // pages this space can reach without the pager filling them
  uint32_t shared;        // of these, pages others have as well
  uint32_t dirty;         // of these, changed since they were filled
  uint32_t swapped;       // pages in swap areas
  uint32_t shared_dirty;  // shared and dirty
  uint32_t anonymous;  // of resident, private pages: the object, if there is one, has none of them
  uint64_t proportional;  // bytes of the resident pages, each divided by how many mappings reach it
};

#define PAGER_SWAP_AREAS_MAX 8u
// Priorities from here on were asked for; those below it are given in order.
#define PAGER_SWAP_PRIORITY_ASKED 32768u
#define PAGER_SWAP_PRIORITY_MAX 65535u

struct pager_swap {
  uint64_t cookie;
  uint32_t area;
  uint32_t priority;
  uint32_t slots, used;  // without those that cannot be written
};

// What a process has used.
struct pager_usage {
  uint64_t faults, major;  // of its program; major: had to wait for a provider
  uint64_t peak;           // the most pages that were resident at a time, also before exec
};

struct pager_space_counts {
  uint64_t resident, shared, dirty;        // pages
  uint64_t tables;                         // frames of page tables and kernel objects
  uint64_t virtual_pages;                  // sum of the regions
  uint64_t faults, zeroed, copied, major;  // since its program started
  uint64_t swapped;                        // pages in swap areas
  uint64_t resident_peak, virtual_peak;    // the most of each since its program started
  struct pager_usage usage;
};

struct pager_counts {
  // Frames.
  uint64_t frames_total, frames_free, frames_cache, frames_anonymous, frames_kernel;
  uint64_t frames_dirty;
  // Since boot.
  uint64_t faults;            // messages of kind fault
  uint64_t faults_zero_read;  // answered with the shared zero page
  uint64_t faults_anonymous;  // answered with a zeroed page
  uint64_t faults_cow_copy, faults_cow_reuse;
  uint64_t faults_file;   // answered from the page cache
  uint64_t faults_major;  // had to wait for a provider
  uint64_t faults_error;  // ended in SIGSEGV or SIGBUS
  uint64_t pages_mapped;  // entries made for faults; more than faults where batched
  uint64_t pages_zeroed, pages_copied, pages_in, pages_out;
  uint64_t requests_in, requests_out;  // to providers; a request has several pages
  uint64_t forks, execs, spaces;
  uint64_t pages_swapped_in, pages_swapped_out;  // of pages_in and pages_out's kind, for swap
  uint64_t pages_evicted;
  uint64_t swap_slots, swap_used;  // without those that cannot be written
  // What there is now: frames of processes' page tables, spaces and threads, and structures of the
  // pager. Objects: of programs alone, not of files and swap areas.
  uint64_t frames_tables, nodes, regions, objects, pendings;
  uint64_t frames_free_kernel;  // of frames_free: only for the kernel's objects
  // Of frames_kernel: of servers and providers. Not message pages, which stay with their slots, nor
  // tables of swap areas, nor what the policy remembers.
  uint64_t frames_reserved;
  // The kernel's, enum kernel_stat of abi/stats.h.
  uint64_t kernel[16];
};

// Exec and spawn: filled by libsys from the ELF file, checked by the pager. It is at byte 0 of the
// message page. An argument block of at most EXEC_INLINE_BYTES is in the message page, too, at byte
// EXEC_INLINE, and is copied; a longer one is in anonymous memory of the caller's, whose pages
// move.
#define EXEC_SEGMENTS_MAX 8
#define EXEC_INLINE 1024u
#define EXEC_INLINE_BYTES 2560u
struct exec_image {
  uint64_t entry;
  uint64_t arguments;        // address of the argument block: page-aligned, or MESSAGE_PAGE +
                             // EXEC_INLINE
  uint64_t arguments_bytes;  // to end at STACK_TOP; a multiple of PAGE_SIZE, or of 16 if inline
  uint64_t stack_pointer;    // first sp, within the moved block, 16-byte aligned
  uint64_t segments;
  struct exec_segment {
    uint64_t address;  // first byte
    uint64_t memory_bytes;
    uint64_t file_offset;  // congruent to address modulo PAGE_SIZE
    uint64_t file_bytes;   // <= memory_bytes; the rest is zero
    uint64_t prot;
  } segment[EXEC_SEGMENTS_MAX];
  char name[32];  // for messages
};

#endif
