// The machine: harts, the kernel's own page table, and the small functions of arch.h.

#include "lib/fdt/fdt.h"
#include "microkernel/arch.h"
#include "microkernel/arch/riscv64/csr.h"
#include "microkernel/arch/riscv64/plic.h"
#include "microkernel/arch/riscv64/sbi.h"
#include "microkernel/bits.h"
#include "microkernel/boot.h"
#include "microkernel/interrupt.h"
#include "microkernel/lock.h"
#include "microkernel/panic.h"
#include "microkernel/pte.h"
#include "microkernel/schedule.h"

#define STACK_BYTES 8192u
#define GIGABYTE (1ull << 30)

// A hart's stack grows down from its struct hart.
static struct {
  _Alignas(16) char stack[STACK_BYTES];
  _Alignas(16) struct hart hart;
} hart_area[HARTS_MAX];

const uint64_t hart_idle_offset = offsetof(struct hart, idle);
_Static_assert(offsetof(struct hart, machine_id) == 124, "start.S: HART_MACHINE_ID");

static _Alignas(PAGE_SIZE) uint64_t kernel_root[TABLE_ENTRIES];
static _Alignas(PAGE_SIZE) uint64_t kernel_middle[TABLE_ENTRIES];  // the gigabyte of the kernel
static _Alignas(PAGE_SIZE) uint64_t kernel_leaves[TABLE_ENTRIES];  // its 2 MiB of the kernel
static uint32_t root_end;                                          // entries of the root in use
static uint64_t kernel_translation;
static struct space kernel_space;  // of idle threads
uint32_t arch_asid_count;
static bool has_sstc;
static paddr_t finisher;

extern const char kernel_start[], text_end[], rodata_end[], kernel_end[];
void trap_entry(void);
void _start(void);
void fp_save(uint64_t *registers);
void fp_load(const uint64_t *registers);
struct hart *hart_boot_stack(void);
struct thread *kernel_main(uint64_t hart, paddr_t tree);
struct thread *secondary_main(void);

// --- memory ---

static paddr_t physical(const void *address) { return (uint64_t)address - DIRECT_MAP; }

// All physical memory at DIRECT_MAP, not executable; the kernel's text read-only.
static void make_kernel_root(const struct machine *m) {
  const uint64_t data = PTE_V | PTE_R | PTE_W | PTE_A | PTE_D | PTE_G;
  paddr_t start = physical(kernel_start);
  root_end = USER_ROOT_ENTRIES + (uint32_t)((m->ram_base + m->ram_bytes + GIGABYTE - 1) >> 30);
  if (root_end > TABLE_ENTRIES) panic("too much memory", m->ram_bytes);
  for (uint32_t i = USER_ROOT_ENTRIES; i < root_end; i++)
    kernel_root[i] = pte_make((frame_t)(i - USER_ROOT_ENTRIES) << 18, data);
  kernel_root[USER_ROOT_ENTRIES + (start >> 30)] =
      pte_make(arch_address_frame(kernel_middle), PTE_V);
  for (uint32_t i = 0; i < TABLE_ENTRIES; i++) {
    kernel_middle[i] =
        pte_make((frame_t)((start & ~(GIGABYTE - 1)) >> 12) + i * LARGE_FRAMES, data);
    paddr_t page = (start & ~(LARGE_SIZE - 1)) + i * PAGE_SIZE;
    uint64_t bits = data;
    if (page >= start && page < physical(text_end))
      bits = PTE_V | PTE_R | PTE_X | PTE_A | PTE_G;
    else if (page >= start && page < physical(rodata_end))
      bits = PTE_V | PTE_R | PTE_A | PTE_G;
    kernel_leaves[i] = pte_make((frame_t)(page >> PAGE_SHIFT), bits);
  }
  kernel_middle[pte_index(DIRECT_MAP + start, 1)] =
      pte_make(arch_address_frame(kernel_leaves), PTE_V);
}

void arch_root_init(uint64_t *root) {
  for (uint32_t i = USER_ROOT_ENTRIES; i < root_end; i++) root[i] = kernel_root[i];
}

uint64_t arch_translation(frame_t root, uint32_t asid) {
  return SATP_SV39 | (uint64_t)asid << SATP_ASID_SHIFT | root;
}

static void probe_asids(void) {
  csr_write(satp, kernel_translation | SATP_ASID_MASK << SATP_ASID_SHIFT);
  arch_asid_count = 1 + (uint32_t)((csr_read(satp) >> SATP_ASID_SHIFT) & SATP_ASID_MASK);
  csr_write(satp, kernel_translation);
  __asm__ volatile("sfence.vma" ::: "memory");
  if (arch_asid_count == 1)
    panic("the harts have no address-space identifiers: satp", kernel_translation);
}

void arch_fence_asid(uint32_t asid) {
  __asm__ volatile("sfence.vma x0, %0" : : "r"((uint64_t)asid) : "memory");
}

// Calls `call` with (mask, base) such that the harts of hart_mask, which are indices, are named.
#define FOR_MACHINE_HARTS(hart_mask, call)                        \
  for (uint64_t rest_ = (hart_mask); rest_; rest_ &= rest_ - 1) { \
    uint64_t base = harts[lowest_bit(rest_)]->machine_id;         \
    call;                                                         \
  }

void arch_fence_remote(uint64_t hart_mask, uaddr_t start, uaddr_t end, uint32_t asid) {
  FOR_MACHINE_HARTS(hart_mask, sbi_remote_fence(1, base, start, end - start, asid));
}

void arch_fence_instructions_remote(uint64_t hart_mask) {
  FOR_MACHINE_HARTS(hart_mask, sbi_remote_fence_i(1, base));
}

// --- floating point ---

// Invariant: the unit is on only while a thread runs whose state the registers hold.
struct thread *arch_fp_leave(struct thread *from, struct thread *to) {
  if ((csr_read(sstatus) & SSTATUS_FS) == SSTATUS_FS_DIRTY) fp_save(from->fp);
  csr_clear(sstatus, SSTATUS_FS);
  return to;
}

bool arch_fp_enable(struct thread *thread) {
  if ((csr_read(sstatus) & SSTATUS_FS) != SSTATUS_FS_OFF) return false;
  if (!thread->fp_used)
    for (uint32_t i = 0; i < 33; i++) thread->fp[i] = 0;
  csr_set(sstatus, SSTATUS_FS_CLEAN);
  fp_load(thread->fp);
  csr_clear(sstatus, SSTATUS_FS);
  csr_set(sstatus, SSTATUS_FS_CLEAN);
  thread->fp_used = true;
  return true;
}

// --- harts, time ---

void arch_interrupt_hart(uint32_t hart) { sbi_send_ipi(1, harts[hart]->machine_id); }

void arch_idle(void) { __asm__ volatile("wfi" ::: "memory"); }

uint64_t arch_time(void) { return csr_read(time); }

uint64_t arch_instret(void) { return csr_read(instret); }

// Off is a masked interrupt and not a deadline that never comes: QEMU's clock would jump there.
void arch_timer_set(uint64_t deadline) {
  if (deadline == TIMER_OFF) {
    csr_clear(sie, 1ul << IRQ_TIMER);
    return;
  }
  if (LIKELY(has_sstc))
    csr_write(0x14d, deadline);  // stimecmp (Sstc)
  else
    sbi_set_timer(deadline);
  csr_set(sie, 1ul << IRQ_TIMER);
}

// --- last words ---

void arch_console_put(char c) { sbi_console_putchar(c); }

void arch_halt(uint32_t status) {
  // One of them: the firmware may be quicker than QEMU and end it with status 0.
  if (finisher)
    *(volatile uint32_t *)(DIRECT_MAP + finisher) = status ? status << 16 | 0x3333 : 0x5555;
  else
    sbi_shutdown();
  for (;;) arch_idle();
}

// --- start ---

static void hart_init(struct hart *hart, uint32_t id, uint32_t machine_id) {
  hart->id = id;
  hart->bit = 1ull << id;
  hart->current = &hart->idle;
  hart->alarm = ~0ull;
  hart->machine_id = machine_id;
  hart->idle.hart = hart;
  hart->idle.resume = RESUME_IDLE;
  hart->idle.state = THREAD_RUNNING;
  hart->idle.space = &kernel_space;
  harts[id] = hart;
}

// The boot hart's stack, before anything else.
struct hart *hart_boot_stack(void) {
  return &hart_area[0].hart;
}

// What each hart sets for itself.
static void hart_enter(void) {
  csr_write(satp, kernel_translation);
  __asm__ volatile("sfence.vma" ::: "memory");
  this_hart()->idle.translation = kernel_translation;
  csr_write(stvec, (uint64_t)trap_entry);
  csr_write(scounteren, SCOUNTEREN_ALL);
  csr_clear(sstatus, SSTATUS_FS | SSTATUS_SPP);
  csr_set(sstatus, SSTATUS_SPIE);
  csr_write(sie, SIE_ALL);
  arch_timer_set(TIMER_OFF);
}

// Starts a hart once the firmware has parked it, which may take it a while after reset.
static bool start_hart(struct hart *hart) {
  for (uint32_t patience = 1000000; patience; patience--) {
    if (sbi_hart_status(hart->machine_id) != 1) continue;
    return sbi_hart_start(hart->machine_id, physical((const void *)_start), 0) == 0;
  }
  return false;
}

static void start_others(const struct machine *m) {
  for (uint32_t i = 1; i < m->harts; i++) {
    uint32_t id = hart_count_running;
    struct hart *hart = &hart_area[id].hart;
    hart_init(hart, id, m->machine_id[i]);
    harts[0]->shares_kernel = hart->shares_kernel = 1;
    hart_count_running++;
    if (start_hart(hart)) continue;
    hart_count_running--;
    panic_print("kernel: the firmware does not start hart ");
    panic_print_hex(m->machine_id[i]);
    panic_print("; going on without it\n");
  }
}

struct thread *kernel_main(uint64_t hart, paddr_t tree) {
  static struct machine machine;
  hart_init(&hart_area[0].hart, 0, (uint32_t)hart);
  hart_count_running = 1;
  const void *blob = (const void *)(DIRECT_MAP + tree);
  uint32_t bytes = fdt_total_bytes(blob);
  const char *missing = machine_read(&machine, blob, bytes, (uint32_t)hart);
  if (missing) {
    panic_print("\nthe device tree lacks ");
    panic_print(missing);
    panic("; tree at", tree);
  }
  if (machine.firmware_end > physical(kernel_start))
    panic("firmware reserves the kernel's memory up to", machine.firmware_end);
  finisher = machine.finisher;
  has_sstc = machine.sstc;
  timer_slice = machine.timebase / SLICES_A_SECOND;
  timer_offer = machine.timebase / OFFERS_A_SECOND;
  make_kernel_root(&machine);
  kernel_translation = arch_translation(arch_address_frame(kernel_root), 0);
  hart_enter();
  probe_asids();
  plic_init(machine.plic, machine.plic_context);
  kernel_lock();
  boot_first_process(&machine, physical(kernel_start), physical(kernel_end), tree, bytes);
  start_others(&machine);
  timer_slice_start();
  return schedule_next();
}

// A further hart begins: it idles until there is work.
struct thread *secondary_main(void) {
  hart_enter();
  kernel_lock();
  return schedule_next();
}
