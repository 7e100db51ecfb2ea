// Faults that programs handle themselves, and what A. Appel and K. Li measured (Virtual memory
// primitives for user programs, ASPLOS 1991), by their POSIX names: trap is a handler of SIGSEGV,
// prot and unprot are mprotect.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1  // REG_RIP
#endif
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "bench/posix/operations.h"
#include "bench/posix/pages.h"

#define TRAPS 501u
#define ROUNDS 51u
#define PAGES 100u
#define STEP 37u  // no divisor of PAGES: the multiples reach each page once

static volatile char *area;
static unsigned open_page;  // the one that is not protected

static void handle(void (*handler)(int, siginfo_t *, void *)) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  must(sigaction(SIGSEGV, &action, NULL) == 0, "sigaction");
}

static void set_rights(unsigned page, unsigned count, int rights) {
  must(mprotect((void *)(area + page * PAGE), count * PAGE, rights) == 0, "mprotect");
}

static unsigned page_of(const siginfo_t *info) {
  return (unsigned)((size_t)((volatile char *)info->si_addr - area) / PAGE);
}

// A store of known length, which the handler skips.
static inline void store_at(volatile char *address) {
#ifdef __riscv
  __asm__ volatile(".option push\n.option norvc\nsb zero, 0(%0)\n.option pop" ::"r"(address)
                   : "memory");
#else
  __asm__ volatile("movb $0, (%%rdi)" ::"D"(address) : "memory");
#endif
}

static void skip(int signal, siginfo_t *info, void *context) {
  ucontext_t *interrupted = context;
  (void)signal;
  (void)info;
#ifdef __riscv
  interrupted->uc_mcontext.__gregs[REG_PC] += 4;
#else
  interrupted->uc_mcontext.gregs[REG_RIP] += 3;
#endif
}

static void map_area(void) {
  area = pages_map(PAGES);
  pages_write(area, PAGES);
}

static void unmap_area(void) {
  pages_unmap(area, PAGES);
  signal(SIGSEGV, SIG_DFL);
}

static void start_skipping(void) {
  map_area();
  set_rights(0, PAGES, PROT_READ);
  handle(skip);
}

static void fault_and_skip(unsigned number) { store_at(area + number % PAGES * PAGE); }

// Protects the page that was open, opens the one that faulted.
static void change_page(int signal, siginfo_t *info, void *context) {
  unsigned page = page_of(info);
  (void)signal;
  (void)context;
  set_rights(open_page, 1, PROT_READ);
  set_rights(page, 1, PROT_READ | PROT_WRITE);
  open_page = page;
}

static void start_changing(void) {
  map_area();
  set_rights(0, PAGES, PROT_READ);
  set_rights(0, 1, PROT_READ | PROT_WRITE);
  open_page = 0;
  handle(change_page);
}

static void fault_and_change(unsigned number) { area[(number + 1) * STEP % PAGES * PAGE] = 1; }

static void open_one(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)context;
  set_rights(page_of(info), 1, PROT_READ | PROT_WRITE);
}

static void start_opening(void) {
  map_area();
  handle(open_one);
}

static void protect_all_and_fault(unsigned number) {
  (void)number;
  set_rights(0, PAGES, PROT_READ);
  for (unsigned i = 0; i < PAGES; i++) area[i * STEP % PAGES * PAGE] = 1;
}

const struct operation signal_operations[] = {
    {.key = "sigsegv",
     .runs = TRAPS,
     .setup = start_skipping,
     .run = fault_and_skip,
     .teardown = unmap_area},
    {.key = "appel_li_trap",
     .runs = TRAPS,
     .setup = start_changing,
     .run = fault_and_change,
     .teardown = unmap_area},
    {.key = "appel_li_protn",
     .runs = ROUNDS,
     .units = PAGES,
     .setup = start_opening,
     .run = protect_all_and_fault,
     .teardown = unmap_area},
    {.key = NULL},
};
