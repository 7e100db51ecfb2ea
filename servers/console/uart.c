#include "servers/console/uart.h"

#include "servers/console/registers.h"

enum {
  DATA = 0,
  INTERRUPT_ENABLE = 1,  // IE_*
  FIFO_CONTROL = 2,      // FIFO_ON, when written
  INTERRUPT_ID = 2,      // when read, with II_FIFOS_ON
  LINE_CONTROL = 3,
  MODEM_CONTROL = 4,
  LINE_STATUS = 5,  // LS_*
};

enum {
  IE_RECEIVED = 1,
  IE_SENT = 2,
  LS_RECEIVED = 0x01,
  LS_ROOM = 0x20,  // the send FIFO is empty
  LS_IDLE = 0x40,  // and so is the shift register
  FIFO_ON = 0x01,
  II_FIFOS_ON = 0xc0,
  EIGHT_BITS = 0x03,
  DTR_RTS_IRQ = 0x0b,
};

#define FIFO_BYTES 16u
#define QUEUE_MAX 32768u  // power of two

static struct uart {
  volatile uint8_t *registers;
  int early;            // a byte taken before the FIFOs were on, or -1
  uint32_t room;        // bytes that surely fit into the send FIFO
  uint8_t interrupts;   // IE_* in force
  uint32_t head, tail;  // bytes ever queued, ever sent from the queue
  char queue[QUEUE_MAX];
} uart;

static uint8_t get(uint32_t which) { return register_read(uart.registers, which); }

static void set(uint32_t which, uint8_t value) { register_write(uart.registers, which, value); }

static void set_interrupt(uint8_t which, bool on) {
  uint8_t interrupts = (uint8_t)(on ? uart.interrupts | which : uart.interrupts & ~which);
  if (interrupts == uart.interrupts) return;
  uart.interrupts = interrupts;
  set(INTERRUPT_ENABLE, interrupts);
}

void uart_listen(bool on) { set_interrupt(IE_RECEIVED, on); }

static int receive(void) { return get(LINE_STATUS) & LS_RECEIVED ? get(DATA) : -1; }

// Switching the FIFOs on empties them (16550D data sheet, FCR bit 0); so does either of two other
// bits, which stay 0 here. Firmware has them on, as a rule, and with input in one.
static void start_fifos(void) {
  uart.early = (get(INTERRUPT_ID) & II_FIFOS_ON) == II_FIFOS_ON ? -1 : receive();
  set(FIFO_CONTROL, FIFO_ON);
}

void uart_start(volatile uint8_t *registers) {
  uart.registers = registers;
  uart.room = 0;
  uart.head = uart.tail = 0;
  set(LINE_CONTROL, EIGHT_BITS);
  set(MODEM_CONTROL, DTR_RTS_IRQ);
  start_fifos();
  uart.interrupts = 0;
  uart_listen(true);
}

size_t uart_backlog(void) { return uart.head - uart.tail; }

static inline bool has_room(void) {
  if (uart.room != 0) return true;
  if (!(get(LINE_STATUS) & LS_ROOM)) return false;
  uart.room = FIFO_BYTES;
  return true;
}

static inline void send(char byte) {
  set(DATA, (uint8_t)byte);
  uart.room--;
}

void uart_send(void) {
  while (uart.head != uart.tail && has_room()) send(uart.queue[uart.tail++ % QUEUE_MAX]);
  set_interrupt(IE_SENT, uart.head != uart.tail);
}

static void enqueue(char byte) {
  while (uart.head - uart.tail == QUEUE_MAX) uart_send();
  uart.queue[uart.head++ % QUEUE_MAX] = byte;
}

void uart_put(const char *bytes, size_t count) {
  size_t i = 0;
  if (uart.head == uart.tail) {
    while (i < count && has_room()) send(bytes[i++]);
  }
  if (i == count) return;
  while (i < count) enqueue(bytes[i++]);
  uart_send();
}

void uart_drain(void) {
  while (uart.head != uart.tail) uart_send();
  while (!(get(LINE_STATUS) & LS_IDLE)) {
  }
}

int uart_get(void) {
  if (uart.early < 0) return receive();
  int byte = uart.early;
  uart.early = -1;
  return byte;
}
