// The console server: the terminal behind the UART.
#include <errno.h>
#include <string.h>

#include "lib/cmdline/cmdline.h"
#include "libsys/kcall.h"
#include "libsys/server_rt/panic.h"
#include "libsys/server_rt/server_rt.h"
#include "protocols/console.h"
#include "protocols/server.h"
#include "servers/console/terminal.h"
#include "servers/console/uart.h"

// Bytes taken from the UART before others have their turn; more raise the interrupt again.
#define INPUT_BURST 64

static const struct server_device *find_uart(const struct server_info *info) {
  for (uint32_t i = 0; i < info->devices; i++) {
    if (strcmp(info->device[i].compatible, "ns16550a") == 0) return &info->device[i];
  }
  panic("console: no UART of type ns16550a\n");
}

// Input that there is no room for stays in the UART, whose interrupt is off until there is.
static void take_input(void) {
  for (int i = 0; i < INPUT_BURST && terminal_takes_input(); i++) {
    int byte = uart_get();
    if (byte < 0) break;
    terminal_input((uint8_t)byte);
  }
  uart_listen(terminal_takes_input());
}

static void interrupt(const struct server_device *device) {
  take_input();
  uart_send();
  terminal_drained();
  kcall(SYS_IRQ_ACK, HANDLE_IRQ, device->irq, 0, 0, 0, 0, 0);
}

static int64_t call_from_fs(const struct event *event) {
  uint32_t origin = badge_origin(event->badge);
  switch (event->word[0]) {
    case CONSOLE_WRITE:
      return terminal_write(event->token, origin, event->word[1]);
    case CONSOLE_READ:
      return terminal_read(event->token, origin, event->word[1]);
    case CONSOLE_MODE:
      return terminal_mode(event->word[1]);
    default:
      return -ENOSYS;
  }
}

static int64_t put(const struct event *event) {
  uint64_t count = event->word[1];
  if (count > 4 * sizeof event->word[0]) return -EINVAL;
  terminal_message(badge_origin(event->badge), (const char *)&event->word[2], count);
  return 0;
}

static int64_t call_from_proc(const struct event *event) {
  switch (event->word[0]) {
    case CONSOLE_EXITED:
      terminal_ended((uint32_t)event->word[1]);
      return 0;
    case CONSOLE_YIELD:
      terminal_yield((uint32_t)event->word[1]);
      return 0;
    case CONSOLE_INTERRUPTED:
      return terminal_interrupted((uint32_t)event->word[1]);
    case CONSOLE_TAKE_INTERRUPT:
      return terminal_take_interrupt((uint32_t)event->word[1]);
    case CONSOLE_INTERRUPT:
      return terminal_interrupt((uint32_t)event->word[1]);
    case CONSOLE_FLUSH:
      terminal_flush();
      return 0;
    case CONSOLE_PUT:
      return put(event);
    default:
      return -ENOSYS;
  }
}

// A command line from outside has no person before the terminal who wants to see what is typed.
static void set_echo(const struct server_info *info) {
  static char command[sizeof info->command_line];
  if (!cmdline_value(info->command_line, "cmd", command, sizeof command)) return;
  terminal_mode(CONSOLE_CANONICAL | CONSOLE_SIGNALS);
}

static int64_t call(const struct event *event) {
  switch (badge_via(event->badge)) {
    case VIA_FS: {
      int64_t status = call_from_fs(event);
      uart_listen(terminal_takes_input());
      return status;
    }
    case VIA_PROC:
      return call_from_proc(event);
    default:
      return -EPERM;
  }
}

void server_main(const struct server_info *info) {
  const struct server_device *device = find_uart(info);
  terminal_init();
  set_echo(info);
  uart_start((volatile uint8_t *)device->address);
  int64_t status = kcall(SYS_IRQ_BIND, HANDLE_IRQ, device->irq, HANDLE_SELF, 0, 0, 0, 0);
  if (status < 0) panic("console: interrupt %u: error %ld\n", device->irq, status);
  interrupt(device);

  struct event event;
  kcall_wait(HANDLE_SELF, &event);
  for (;;) {
    if ((int64_t)event.token < 0) panic("console: wait: error %ld\n", (int64_t)event.token);
    if (token_kind(event.token) == EVENT_NOTIFY) {
      if (event.badge & NOTIFY_TIMER) terminal_tick();
      interrupt(device);
      kcall_wait(HANDLE_SELF, &event);
      continue;
    }
    int64_t status = call(&event);
    if (status == TERMINAL_LATER) {
      kcall_wait(HANDLE_SELF, &event);
    } else {
      kcall_reply_wait(event.token, HANDLE_SELF, (uint64_t)status, 0, 0, 0, 0, &event);
    }
  }
}
