#include "servers/console/outside.h"

#include <string.h>

#include "libsys/kcall.h"
#include "protocols/server.h"
#include "servers/console/uart.h"

void outside_put(const char *bytes, size_t count) {
  const char *end = bytes + count;
  while (bytes != end) {
    const char *line = bytes;
    while (bytes != end && *bytes != '\n') bytes++;
    uart_put(line, (size_t)(bytes - line));
    if (bytes == end) return;
    uart_put("\r\n", 2);
    bytes++;
  }
}

size_t outside_backlog(void) { return uart_backlog(); }

void outside_drain(void) { uart_drain(); }

void outside_answer(token_t token, int64_t status) {
  kcall_reply(token, (uint64_t)status, 0, 0, 0, 0);  // a stale token's caller is gone
}

char *outside_page(uint32_t badge) { return message_page_of(badge); }

void outside_tick_after(uint32_t milliseconds) {
  const struct server_info *info = (const struct server_info *)SERVER_INFO;
  kcall_timer(HANDLE_SELF, rdtime() + info->timebase * milliseconds / 1000);
}

void outside_interrupt(void) { kcall_notify(HANDLE_NOTIFY_PROC); }
