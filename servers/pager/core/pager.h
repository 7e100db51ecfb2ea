// The pager core: all memory policy behind one function for each kind of event. No function here
// waits; what needs a page from a provider is parked and answered later through kernel_ops.
//
// Results: >= 0 or a negative errno goes to the caller as the answer; PAGER_PARKED means that the
// core answers the token itself, now or later. Nothing has changed when an error is returned,
// unless the operation says otherwise.
#ifndef SERVERS_PAGER_CORE_PAGER_H
#define SERVERS_PAGER_CORE_PAGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/event.h"
#include "protocols/object.h"
#include "protocols/pager.h"
#include "protocols/pager_options.h"

#define PAGER_PARKED INT64_MIN

struct pager;
struct space;
struct page;

// --- start -------------------------------------------------------------------------------------

struct pager_setup {
  uint32_t ram_first, ram_frames;  // what page[] and the board describe
  uint8_t *window;                 // physical address p is at window + p
  uint8_t *board;                  // of frame ram_first + i: board[i]
  struct page *pages;              // pager_page_bytes(ram_frames), any content
  void *memory;                    // pager_memory_bytes(), any content: struct pager itself
  uint64_t timebase;               // ticks a second of kops_now
  uint32_t *call_buffer;           // the thread's, MAP_BUFFER_MAX frame numbers
};

size_t pager_page_bytes(uint32_t ram_frames);
size_t pager_memory_bytes(void);

// All frames are reserved until they are added. Returns setup->memory.
struct pager *pager_init(const struct pager_setup *setup);
// Adds frames to the free ones: type user, visible in the window.
void pager_add_frames(struct pager *pager, uint32_t first, uint32_t count);
// Adds frames of type object.
void pager_add_objects(struct pager *pager, uint32_t first, uint32_t count);
// Adjacent frames for boot and DMA, not zeroed, never given back; the first one, 0 if there are
// none.
uint32_t pager_take_frames(struct pager *pager, uint32_t count);
// One frame of type object for the server's own kernel objects (endpoints); 0 if there is none.
uint32_t pager_take_object(struct pager *pager);
// The provider's ring, zeroed, mapped in both.
void pager_attach_ring(struct pager *pager, struct object_ring *ring);

// Sets an option, or asks for it: as PAGER_OPTION.
int64_t pager_option(struct pager *pager, uint64_t option, uint64_t value);
// Sets the option that a word "name=value" of the command line names. False if it is none, or the
// value not one of it.
bool pager_option_word(struct pager *pager, const char *name, const char *value);

// --- events ------------------------------------------------------------------------------------

enum answer_kind {
  ANSWER_MAP = 0,      // SYS_MAP_REPLY_WAIT with word[0..4]: va | prot | flags, count, f0..f2
  ANSWER_RETRY = 1,    // SYS_REPLY_WAIT with 0: the instruction is tried again
  ANSWER_PARKED = 2,   // SYS_WAIT
  ANSWER_FORWARD = 3,  // SYS_FORWARD_WAIT to proc with word[0..4]
  // SYS_UPCALL_WAIT to word[4]. If it is refused: signals_refused, then ANSWER_FORWARD with 0 there
  ANSWER_UPCALL = 4,
};

struct answer {
  uint64_t kind;  // enum answer_kind
  uint64_t word[5];
};

// EVENT_FAULT. More than MAP_INLINE_MAX frames are in the call buffer.
void pager_fault(struct pager *pager, const struct event *event, struct answer *answer);
// The kernel refused an ANSWER_MAP with this error and nothing is answered yet. Page tables are
// funded and the answer stays as it is, to be tried again; or it becomes another one.
void pager_map_refused(struct pager *pager, const struct event *event, int64_t error,
                       struct answer *answer);
// Before and after every event that goes another way than pager_fault and pager_completions: takes
// frames back if they are short, and lets go on who waited for them.
void pager_between(struct pager *pager);
// NOTIFY_RING: takes completions and goes on with what waited for them.
void pager_completions(struct pager *pager);
// NOTIFY_TIMER: does what has waited for its time.
void pager_tick(struct pager *pager);

// --- calls of programs: their own space --------------------------------------------------------

// The space with this badge, NULL if there is none.
struct space *pager_space(struct pager *pager, uint32_t badge);

int64_t pager_map(struct pager *pager, struct space *space, uint64_t address, uint64_t length,
                  uint32_t prot, uint32_t flags);
int64_t pager_unmap(struct pager *pager, struct space *space, uint64_t address, uint64_t length);
int64_t pager_protect(struct pager *pager, struct space *space, uint64_t address, uint64_t length,
                      uint32_t prot);
int64_t pager_remap(struct pager *pager, struct space *space, uint64_t address, uint64_t old_length,
                    uint64_t new_length, uint64_t flags, uint64_t new_address);
int64_t pager_advise(struct pager *pager, struct space *space, token_t token, uint64_t address,
                     uint64_t length, uint64_t advice);
int64_t pager_lock(struct pager *pager, struct space *space, uint64_t address, uint64_t length,
                   uint32_t how);
int64_t pager_unlock(struct pager *pager, struct space *space, uint64_t address, uint64_t length,
                     uint32_t how);
// Writes to the message page, as the next one.
int64_t pager_resident(struct pager *pager, struct space *space, uint64_t address, uint64_t length);
// `which` of enum pager_limit, or LIMIT_ASK. Writes to the message page.
int64_t pager_limit(struct pager *pager, struct space *space, uint64_t which, uint64_t soft,
                    uint64_t hard);
int64_t pager_break(struct pager *pager, struct space *space, uint64_t address);
int64_t pager_sync(struct pager *pager, struct space *space, token_t token, uint64_t address,
                   uint64_t length, uint32_t flags);
// From now on the program can be sent upcalls. 0 or a negative errno.
int64_t pager_upcall(struct pager *pager, struct space *space);
int64_t pager_memory(struct pager *pager, struct space *space, token_t token);
// A call was answered with ENOMEM. If a program made it and it failed for want of a frame
// (evict.refused, clear before the call) that eviction can find, it is made again (kops_call) when
// that is free: returns the result, or PAGER_PARKED.
int64_t pager_refused(struct pager *pager, const struct event *event);
int64_t pager_dirty(struct pager *pager, struct space *space, uint64_t address, uint64_t length);
// Programs as pagers (provider.h).
int64_t pager_provider(struct pager *pager, struct space *space);
int64_t pager_serve(struct pager *pager, struct space *space, token_t token, uint64_t tag,
                    uint64_t status, uint64_t flags);
int64_t pager_invalidate(struct pager *pager, struct space *space, uint64_t cookie, uint64_t first,
                         uint64_t count);
int64_t pager_detach(struct pager *pager, struct space *space, uint64_t cookie);
// These three write to the message page of `space`. Slot 0 is the space itself.
int64_t pager_regions(struct pager *pager, struct space *space, uint64_t slot, uint64_t first);
// Fills all but kernel[]; the caller fills those at pager_message() afterwards.
int64_t pager_counts(struct pager *pager, struct space *space);
int64_t pager_space_counts(struct pager *pager, struct space *space, uint64_t slot);
// The space's message page in the window.
void *pager_message(struct pager *pager, struct space *space);

// --- calls of fs -------------------------------------------------------------------------------

// `bound` in ms. => badge and bound 0 unless OBJECT_OF_PROGRAM
int64_t pager_object_create(struct pager *pager, uint64_t cookie, uint64_t size,
                            enum object_kind kind, uint32_t provider, uint64_t bound);
int64_t pager_object_resize(struct pager *pager, uint32_t object, uint64_t size);
int64_t pager_object_close(struct pager *pager, uint32_t object);
int64_t pager_object_destroy(struct pager *pager, uint32_t object, uint64_t force);
// A parked caller goes to kops_flushed with `then`; other results are for it as well.
int64_t pager_object_flush(struct pager *pager, uint32_t origin, token_t token, uint32_t object,
                           uint64_t then);
// Forwarded callers; `fresh` as in PAGER_WRITE_WORD0. All that does not end with `length` bytes
// moved goes to kops_moved with `then`.
int64_t pager_object_read(struct pager *pager, struct space *space, token_t token, uint32_t object,
                          uint64_t offset, uint64_t address, uint64_t length, uint64_t then);
int64_t pager_object_write(struct pager *pager, struct space *space, token_t token, uint32_t object,
                           uint32_t fresh, uint64_t offset, uint64_t address, uint64_t length,
                           uint64_t then);
int64_t pager_object_map(struct pager *pager, struct space *space, uint32_t object, uint64_t offset,
                         uint64_t address, uint64_t length, uint32_t prot, uint32_t flags,
                         uint32_t prot_max);
int64_t pager_swap_add(struct pager *pager, uint64_t cookie, uint64_t slots, uint64_t priority);
// As pager_object_flush: a parked caller goes to kops_flushed, other results are for it as well.
int64_t pager_swap_remove(struct pager *pager, uint32_t origin, token_t token, uint64_t area,
                          uint64_t then);
int64_t pager_swaps(struct pager *pager, struct space *space);
int64_t pager_exec(struct pager *pager, struct space *space, token_t token, uint32_t object);
int64_t pager_exec_status(struct pager *pager, uint64_t badge);

// --- calls of proc -----------------------------------------------------------------------------

int64_t pager_fork(struct pager *pager, uint32_t parent, uint32_t child);
int64_t pager_spawn(struct pager *pager, uint32_t parent, uint32_t child, uint32_t object);
// *usage: what the process has used, if there was one.
int64_t pager_kill(struct pager *pager, uint32_t badge, struct pager_usage *usage);
int64_t pager_oom_victim(struct pager *pager);
int64_t pager_interrupt(struct pager *pager, uint32_t badge);

// --- boot: servers and the first program -------------------------------------------------------

// Makes a space with an empty address space, a message page and a thread that does not run. The
// message page of each later space is mapped at MESSAGE_WINDOW of the servers that exist.
// ENOMEM, EEXIST (slot in use), EINVAL.
int64_t pager_space_create(struct pager *pager, uint32_t badge);
// Resident private memory: `bytes` of data, then zeros up to memory_bytes, mapped at once. `va`
// need not be aligned; pages that it shares with an earlier call get the union of the rights.
int64_t pager_load(struct pager *pager, struct space *space, uint64_t va, const void *data,
                   uint64_t bytes, uint64_t memory_bytes, uint32_t prot);
// Maps frames from pager_take_frames at a page-aligned va, never unmapped.
int64_t pager_map_frames(struct pager *pager, struct space *space, uint64_t va, uint32_t first,
                         uint32_t count, uint32_t prot);
// Maps device registers: `bytes` from physical address `physical`, both page-aligned.
int64_t pager_map_device(struct pager *pager, struct space *space, uint64_t va, uint64_t physical,
                         uint64_t bytes, uint32_t prot);
// Lazy stack below STACK_TOP, for programs.
int64_t pager_add_stack(struct pager *pager, struct space *space);
// Where the break starts: the end of the image, for programs.
void pager_set_break(struct pager *pager, struct space *space, uint64_t address);
void pager_start(struct pager *pager, struct space *space, uint64_t pc, uint64_t sp, uint64_t a0,
                 uint64_t a1);

#endif
