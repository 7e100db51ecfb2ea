#include "servers/proc/outside.h"

#include "libsys/kcall.h"
#include "libsys/server_rt/panic.h"
#include "protocols/console.h"
#include "protocols/fs.h"
#include "protocols/pager.h"
#include "protocols/server.h"
#include "servers/proc/rtc.h"

#define PUT_MAX (4 * sizeof(uint64_t))  // bytes of one CONSOLE_PUT

static const struct server_info *const info = (const struct server_info *)SERVER_INFO;

void outside_answer(token_t token, int64_t status, uint64_t word) {
  kcall_reply(token, (uint64_t)status, word, 0, 0, 0);  // a stale token's caller is gone
}

int64_t outside_reply_upcall(token_t token, uint64_t pc) { return kcall_reply_upcall(token, pc); }

int64_t outside_forward_to_fs(token_t token, uint64_t op, uint64_t word) {
  return kcall_forward(token, HANDLE_FS, op, word, 0, 0, 0);
}

static int64_t call(handle_t server, uint64_t op, uint64_t a, uint64_t b) {
  return kcall_call(server, op, a, b, 0, 0, 0).status;
}

int64_t outside_fs_fork(uint32_t parent, uint32_t child, uint32_t child_pid) {
  return kcall_call(HANDLE_FS, FS_FORK, parent, child, child_pid, 0, 0).status;
}

int64_t outside_pager_fork(uint32_t parent, uint32_t child) {
  return call(HANDLE_PAGER, PAGER_FORK, parent, child);
}

int64_t outside_fs_spawn(uint32_t parent, uint32_t child, uint64_t fd, uint32_t child_pid) {
  return kcall_call(HANDLE_FS, FS_SPAWN, parent, child, fd, child_pid, 0).status;
}

int64_t outside_pager_spawn(uint32_t object, uint32_t parent, uint32_t child) {
  return call(HANDLE_PAGER, PAGER_WORD0(PAGER_SPAWN, object), parent, child);
}

void outside_fs_exited(uint32_t badge) { call(HANDLE_FS, FS_EXITED, badge, 0); }

const struct pager_usage *outside_pager_kill(uint32_t badge) {
  call(HANDLE_PAGER, PAGER_KILL, badge, 0);
  return (const struct pager_usage *)MESSAGE_PAGE;
}

int64_t outside_pager_oom_victim(void) { return call(HANDLE_PAGER, PAGER_OOM_VICTIM, 0, 0); }

void outside_console_exited(uint32_t badge) { call(HANDLE_CONSOLE, CONSOLE_EXITED, badge, 0); }

void outside_console_yield(uint32_t badge) { call(HANDLE_CONSOLE, CONSOLE_YIELD, badge, 0); }

int64_t outside_console_interrupted(uint32_t badge) {
  return call(HANDLE_CONSOLE, CONSOLE_INTERRUPTED, badge, 0);
}

int64_t outside_console_take_interrupt(uint32_t badge) {
  return call(HANDLE_CONSOLE, CONSOLE_TAKE_INTERRUPT, badge, 0);
}

int64_t outside_pager_interrupt(uint32_t badge) {
  return call(HANDLE_PAGER, PAGER_INTERRUPT, badge, 0);
}

int64_t outside_fs_interrupt(uint32_t badge) { return call(HANDLE_FS, FS_INTERRUPT, badge, 0); }

int64_t outside_console_interrupt(uint32_t badge) {
  return call(HANDLE_CONSOLE, CONSOLE_INTERRUPT, badge, 0);
}

void outside_message(const char *text, size_t count) {
  while (count != 0) {
    uint64_t word[4] = {0};
    size_t part = count < PUT_MAX ? count : PUT_MAX;
    __builtin_memcpy(word, text, part);
    kcall_call(HANDLE_CONSOLE, CONSOLE_PUT, part, word[0], word[1], word[2], word[3]);
    text += part;
    count -= part;
  }
}

void outside_firmware_message(const char *text, size_t count) {
  for (size_t i = 0; i < count; i++) debug_print("%c", text[i]);
}

void *outside_page(uint32_t badge) { return message_page_of(badge); }

uint64_t outside_now(void) { return rdtime(); }

uint64_t outside_timebase(void) { return info->timebase; }

uint64_t outside_epoch(void) { return rtc_epoch(info); }

void outside_timer(uint64_t deadline) { kcall_timer(HANDLE_SELF, deadline); }

void outside_flush(void) { call(HANDLE_CONSOLE, CONSOLE_FLUSH, 0, 0); }

void outside_halt(uint32_t status) {
  kcall(SYS_HALT, HANDLE_KERNEL, status, 0, 0, 0, 0, 0);
  panic("proc: the machine does not power off\n");
}
