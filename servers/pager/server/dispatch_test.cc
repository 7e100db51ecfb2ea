// Who may call what, and where the words of a message end up.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <string>
#include <vector>

// The protocols are C.
#define _Alignas alignas
extern "C" {
#include "protocols/server.h"
#include "servers/pager/core/kernel_ops.h"
#include "servers/pager/server/dispatch.h"
#include "servers/pager/server/kernel.h"
}

namespace {

using Words = std::vector<uint64_t>;

// What the core was last asked.
std::string called;
Words arguments;
Words flushed;
struct pager_counts message;

int64_t Record(const char *name, Words words) {
  called = name;
  arguments = words;
  return 7;
}

constexpr uint32_t kOrigin = 3u << SLOT_BITS | 9;
constexpr uint64_t kToken = 0x0100000000000042;
struct space *const kSpace = reinterpret_cast<struct space *>(0x1000);

}  // namespace

extern "C" {

struct space *pager_space(struct pager *, uint32_t badge) {
  return badge == kOrigin ? kSpace : nullptr;
}
void *pager_message(struct pager *, struct space *) { return &message; }
uint64_t kernel_stat(uint32_t number) { return 100 + number; }

int64_t pager_map(struct pager *, struct space *, uint64_t a, uint64_t l, uint32_t p, uint32_t f) {
  return Record("map", {a, l, p, f});
}
int64_t pager_unmap(struct pager *, struct space *, uint64_t a, uint64_t l) {
  return Record("unmap", {a, l});
}
int64_t pager_protect(struct pager *, struct space *, uint64_t a, uint64_t l, uint32_t p) {
  return Record("protect", {a, l, p});
}
int64_t pager_break(struct pager *, struct space *, uint64_t a) { return Record("break", {a}); }
int64_t pager_dirty(struct pager *, struct space *, uint64_t a, uint64_t l) {
  return Record("dirty", {a, l});
}
int64_t pager_provider(struct pager *, struct space *) { return Record("provider", {}); }
int64_t pager_serve(struct pager *, struct space *, token_t t, uint64_t tag, uint64_t s,
                    uint64_t f) {
  return Record("serve", {t, tag, s, f});
}
int64_t pager_invalidate(struct pager *, struct space *, uint64_t c, uint64_t f, uint64_t n) {
  return Record("invalidate", {c, f, n});
}
int64_t pager_detach(struct pager *, struct space *, uint64_t c) { return Record("detach", {c}); }
int64_t pager_swaps(struct pager *, struct space *) { return Record("swaps", {}); }
int64_t pager_swap_add(struct pager *, uint64_t c, uint64_t s, uint64_t p) {
  return Record("swap_add", {c, s, p});
}
int64_t pager_swap_remove(struct pager *, uint32_t o, token_t t, uint64_t a, uint64_t then) {
  return Record("swap_remove", {o, t, a, then});
}
int64_t pager_oom_victim(struct pager *) { return Record("oom_victim", {}); }
int64_t pager_option(struct pager *, uint64_t o, uint64_t v) { return Record("option", {o, v}); }
int64_t pager_sync(struct pager *, struct space *, token_t t, uint64_t a, uint64_t l, uint32_t f) {
  return Record("sync", {t, a, l, f});
}
int64_t pager_remap(struct pager *, struct space *, uint64_t a, uint64_t old_length,
                    uint64_t new_length, uint64_t f, uint64_t to) {
  return Record("remap", {a, old_length, new_length, f, to});
}
int64_t pager_advise(struct pager *, struct space *, token_t t, uint64_t a, uint64_t l,
                     uint64_t advice) {
  return Record("advise", {t, a, l, advice});
}
int64_t pager_lock(struct pager *, struct space *, uint64_t a, uint64_t l, uint32_t how) {
  return Record("lock", {a, l, how});
}
int64_t pager_unlock(struct pager *, struct space *, uint64_t a, uint64_t l, uint32_t how) {
  return Record("unlock", {a, l, how});
}
int64_t pager_resident(struct pager *, struct space *, uint64_t a, uint64_t l) {
  return Record("resident", {a, l});
}
int64_t pager_limit(struct pager *, struct space *, uint64_t w, uint64_t soft, uint64_t hard) {
  return Record("limit", {w, soft, hard});
}
int64_t pager_regions(struct pager *, struct space *, uint64_t slot, uint64_t first) {
  return Record("regions", {slot, first});
}
int64_t pager_counts(struct pager *, struct space *) { return Record("counts", {}); }
int64_t pager_space_counts(struct pager *, struct space *, uint64_t slot) {
  return Record("space_counts", {slot});
}
int64_t pager_object_create(struct pager *, uint64_t cookie, uint64_t size, enum object_kind kind,
                            uint32_t provider, uint64_t bound) {
  return Record("object_create", {cookie, size, (uint64_t)kind, provider, bound});
}
int64_t pager_object_resize(struct pager *, uint32_t object, uint64_t size) {
  return Record("object_resize", {object, size});
}
int64_t pager_object_close(struct pager *, uint32_t object) {
  return Record("object_close", {object});
}
int64_t pager_object_destroy(struct pager *, uint32_t object, uint64_t force) {
  return Record("object_destroy", {object, force});
}
int64_t pager_object_flush(struct pager *, uint32_t origin, token_t token, uint32_t object,
                           uint64_t then) {
  return Record("object_flush", {origin, token, object, then});
}
void kops_flushed(token_t token, uint64_t then, int64_t status) {
  flushed = {token, then, uint64_t(status)};
}
int64_t pager_object_read(struct pager *, struct space *, token_t token, uint32_t object,
                          uint64_t offset, uint64_t a, uint64_t l, uint64_t result) {
  return Record("object_read", {token, object, offset, a, l, result});
}
int64_t pager_object_write(struct pager *, struct space *, token_t token, uint32_t object,
                           uint32_t fresh, uint64_t offset, uint64_t a, uint64_t l,
                           uint64_t result) {
  return Record("object_write", {token, object, fresh, offset, a, l, result});
}
int64_t pager_object_map(struct pager *, struct space *, uint32_t object, uint64_t offset,
                         uint64_t a, uint64_t l, uint32_t p, uint32_t f, uint32_t max) {
  return Record("object_map", {object, offset, a, l, p, f, max});
}
int64_t pager_exec(struct pager *, struct space *, token_t token, uint32_t object) {
  return Record("exec", {token, object});
}
int64_t pager_exec_status(struct pager *, uint64_t badge) { return Record("exec_status", {badge}); }
int64_t pager_fork(struct pager *, uint32_t parent, uint32_t child) {
  return Record("fork", {parent, child});
}
int64_t pager_spawn(struct pager *, uint32_t parent, uint32_t child, uint32_t object) {
  return Record("spawn", {parent, child, object});
}
int64_t pager_kill(struct pager *, uint32_t badge, struct pager_usage *) {
  return Record("kill", {badge});
}
int64_t pager_memory(struct pager *, struct space *, token_t token) {
  return Record("memory", {token});
}
int64_t pager_upcall(struct pager *, struct space *) { return Record("upcall", {}); }
int64_t pager_interrupt(struct pager *, uint32_t badge) { return Record("interrupt", {badge}); }
}

namespace {

int64_t Call(uint32_t via, Words words, uint32_t origin = kOrigin) {
  called.clear();
  event event = {};
  event.token = kToken;
  event.badge = uint64_t{via} << 32 | origin;
  for (size_t i = 0; i < words.size(); i++) event.word[i] = words[i];
  return dispatch_call(nullptr, &event);
}

struct Case {
  uint64_t word0;
  std::vector<uint32_t> callers;
  bool needs_space;
  const char *function;
  int64_t result = 7;
};

const Case kCases[] = {
    {PAGER_MAP, {VIA_PROGRAM, VIA_FS}, true, "map"},
    {PAGER_UNMAP, {VIA_PROGRAM}, true, "unmap"},
    {PAGER_PROTECT, {VIA_PROGRAM}, true, "protect"},
    {PAGER_BREAK, {VIA_PROGRAM}, true, "break"},
    {PAGER_SYNC, {VIA_PROGRAM}, true, "sync"},
    {PAGER_REMAP, {VIA_PROGRAM}, true, "remap"},
    {PAGER_ADVISE, {VIA_PROGRAM}, true, "advise"},
    {PAGER_LOCK, {VIA_PROGRAM}, true, "lock"},
    {PAGER_UNLOCK, {VIA_PROGRAM}, true, "unlock"},
    {PAGER_RESIDENT, {VIA_PROGRAM}, true, "resident"},
    {PAGER_LIMIT, {VIA_PROGRAM}, true, "limit"},
    {PAGER_REGIONS, {VIA_PROGRAM, VIA_FS}, true, "regions"},
    {PAGER_COUNTS, {VIA_PROGRAM, VIA_FS}, true, "counts"},
    {PAGER_SPACE_COUNTS, {VIA_PROGRAM, VIA_FS}, true, "space_counts"},
    {PAGER_OBJECT_CREATE, {VIA_FS}, false, "object_create"},
    {PAGER_OBJECT_RESIZE, {VIA_FS}, false, "object_resize"},
    {PAGER_OBJECT_CLOSE, {VIA_FS}, false, "object_close"},
    {PAGER_OPTION, {VIA_PROGRAM}, false, "option"},
    {PAGER_DIRTY, {VIA_PROGRAM}, true, "dirty"},
    {PAGER_PROVIDER, {VIA_PROGRAM}, true, "provider"},
    {PAGER_SERVE, {VIA_PROGRAM}, true, "serve"},
    {PAGER_INVALIDATE, {VIA_PROGRAM}, true, "invalidate"},
    {PAGER_DETACH, {VIA_PROGRAM}, true, "detach"},
    {PAGER_SWAPS, {VIA_PROGRAM, VIA_FS}, true, "swaps"},
    {PAGER_SWAP_ADD, {VIA_FS}, false, "swap_add"},
    {PAGER_SWAP_REMOVE, {VIA_FS}, false, "swap_remove", PAGER_PARKED},
    {PAGER_OOM_VICTIM, {VIA_PROC}, false, "oom_victim"},
    {PAGER_OBJECT_DESTROY, {VIA_FS}, false, "object_destroy"},
    {PAGER_OBJECT_FLUSH, {VIA_FS}, false, "object_flush", PAGER_PARKED},
    {PAGER_OBJECT_READ, {VIA_FS}, true, "object_read"},
    {PAGER_OBJECT_WRITE, {VIA_FS}, true, "object_write"},
    {PAGER_OBJECT_MAP, {VIA_FS}, true, "object_map"},
    {PAGER_EXEC, {VIA_FS}, true, "exec"},
    {PAGER_EXEC_STATUS, {VIA_FS}, false, "exec_status"},
    {PAGER_FORK, {VIA_PROC}, false, "fork"},
    {PAGER_KILL, {VIA_PROC}, true, "kill"},
    {PAGER_MEMORY, {VIA_PROGRAM}, true, "memory"},
    {PAGER_UPCALL, {VIA_PROGRAM}, true, "upcall"},
    {PAGER_INTERRUPT, {VIA_PROC}, false, "interrupt"},
    {PAGER_SPAWN, {VIA_PROC}, false, "spawn"},
};

TEST(Dispatch, OnlyThoseWithAuthorityReachTheCore) {
  for (const Case &c : kCases) {
    for (uint32_t via : {0u, 1u, 2u, 3u, 4u, 5u, 7u, 8u, 32u, 64u, 0x80000000u, 0xffffffffu}) {
      const bool may = std::count(c.callers.begin(), c.callers.end(), via) > 0;
      EXPECT_EQ(Call(via, {c.word0, 1, 2, 3}), may ? c.result : -EPERM)
          << c.function << " via " << via;
      EXPECT_EQ(called, may ? c.function : "");
    }
  }
}

TEST(Dispatch, OperationsOnTheOwnSpaceNeedOne) {
  for (const Case &c : kCases) {
    EXPECT_EQ(Call(c.callers[0], {c.word0, 1, 2, 3}, kOrigin + 1),
              c.needs_space ? -ESRCH : c.result)
        << c.function;
  }
}

TEST(Dispatch, UnknownOperations) {
  std::map<uint64_t, bool> known;
  for (const Case &c : kCases) known[c.word0] = true;
  for (uint64_t number = 0; number < 256; number++) {
    if (!known[number]) {
      EXPECT_EQ(Call(VIA_PROGRAM, {number}), -ENOSYS) << number;
    }
  }
  for (uint64_t number : {0x101u, 0x1000u, 0x80000001u, 0xffffffffu}) {
    EXPECT_EQ(Call(VIA_PROGRAM, {number}), -ENOSYS) << number;
  }
}

TEST(Dispatch, PassesArguments) {
  Call(VIA_PROGRAM, {PAGER_MAP, 0x1000, 0x2000, 0x1203});
  EXPECT_EQ(arguments, (Words{0x1000, 0x2000, 3, 0x12}));
  Call(VIA_PROGRAM, {PAGER_SYNC, 1, 2, 4});
  EXPECT_EQ(arguments, (Words{kToken, 1, 2, 4}));
  Call(VIA_FS, {PAGER_WORD0(PAGER_OBJECT_READ, 5), 1, 2, 3, 4});
  EXPECT_EQ(arguments, (Words{kToken, 5, 1, 2, 3, 4}));
  Call(VIA_FS, {PAGER_WRITE_WORD0(0xfffffffful, PAGER_FRESH_MAX), 1, 2, 3, 4});
  EXPECT_EQ(arguments, (Words{kToken, 0xffffffff, PAGER_FRESH_MAX, 1, 2, 3, 4}));
  Call(VIA_FS, {PAGER_WORD0(PAGER_OBJECT_MAP, 5), 1, 2, 3, 0x700001203});
  EXPECT_EQ(arguments, (Words{5, 1, 2, 3, 3, 0x12, 7}));
  Call(VIA_PROC, {PAGER_FORK, 0xffffffff, 2});
  EXPECT_EQ(arguments, (Words{0xffffffff, 2}));
}

// Whatever its result, the caller of a flush goes on to fs, which has metadata to write.
TEST(Dispatch, FlushedCallersGoToFs) {
  Call(VIA_FS, {PAGER_WORD0(PAGER_OBJECT_FLUSH, 5), 96});
  EXPECT_EQ(arguments, (Words{kOrigin, kToken, 5, 96}));
  EXPECT_EQ(flushed, (Words{kToken, 96, 7}));
}

TEST(Dispatch, RefusesWhatTheCoreCannotHold) {
  EXPECT_EQ(Call(VIA_PROGRAM, {PAGER_MAP, 1, 2, 1ull << 40}), -EINVAL);
  EXPECT_EQ(Call(VIA_PROGRAM, {PAGER_PROTECT, 1, 2, 1ull << 32}), -EINVAL);
  EXPECT_EQ(Call(VIA_PROGRAM, {PAGER_SYNC, 1, 2, 1ull << 32}), -EINVAL);
  EXPECT_EQ(Call(VIA_PROGRAM, {PAGER_LOCK, 1, 2, 1ull << 32}), -EINVAL);
  EXPECT_EQ(Call(VIA_PROGRAM, {PAGER_UNLOCK, 1, 2, 1ull << 32}), -EINVAL);
  EXPECT_EQ(Call(VIA_PROC, {PAGER_FORK, 1ull << 32, 2}), -EINVAL);
  EXPECT_EQ(Call(VIA_PROC, {PAGER_FORK, 1, 1ull << 32}), -EINVAL);
  EXPECT_EQ(Call(VIA_PROC, {PAGER_KILL, 1ull << 32}), -ESRCH);
  EXPECT_EQ(Call(VIA_PROC, {PAGER_INTERRUPT, 1ull << 32}), -ESRCH);
}

TEST(Dispatch, CountsIncludeTheKernels) {
  Call(VIA_PROGRAM, {PAGER_COUNTS});
  EXPECT_EQ(message.kernel[0], 100u);
  EXPECT_EQ(message.kernel[5], 105u);
  EXPECT_EQ(message.kernel[15], 0u) << "the kernel has no such counter";
}

}  // namespace
