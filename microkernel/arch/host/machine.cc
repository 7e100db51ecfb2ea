#include "microkernel/arch/host/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <algorithm>

extern "C" {
struct thread *current;
uint32_t arch_asid_count;
}

namespace host {
namespace {

std::unique_ptr<Machine> machine;

[[noreturn]] void Die(const char *what, uint64_t value) {
  fprintf(stderr, "host machine: %s 0x%llx\n", what, static_cast<unsigned long long>(value));
  abort();
}

uint32_t ThisHart() { return current->hart->id; }

}  // namespace

Machine &Machine::Get() { return *machine; }

void Machine::Make(uint32_t harts, uint32_t frames, uint32_t asids) {
  machine.reset();
  machine = std::make_unique<Machine>(harts, frames, asids);
}

Machine::Machine(uint32_t count, uint32_t frames, uint32_t asids)
    : tlb(count), timer(count, ~0ull), idle_space_(), harts_(count), frames_(frames) {
  void *ram = mmap(nullptr, static_cast<size_t>(frames) << PAGE_SHIFT, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (ram == MAP_FAILED) Die("no memory for frames", frames);
  ram_ = static_cast<char *>(ram);
  arch_asid_count = asids;
  kernel_lock_word = 0;
  hart_count_running = count;
  for (uint32_t i = 0; i < count; i++) {
    harts_[i].kernel = std::make_unique<struct hart>();
    struct hart *hart = harts_[i].kernel.get();
    *hart = {};
    hart->id = hart->machine_id = i;
    hart->bit = 1ull << i;
    hart->current = &hart->idle;
    hart->alarm = ~0ull;
    hart->shares_kernel = count > 1;
    hart->idle.hart = hart;
    hart->idle.resume = RESUME_IDLE;
    hart->idle.state = THREAD_RUNNING;
    hart->idle.space = &idle_space_;
    harts_[i].running = &hart->idle;
    ::harts[i] = hart;
  }
  current = &harts_[0].kernel->idle;
  on_interrupt = [this](uint32_t hart) { Enter(hart, [] { return schedule_preempt(false); }); };
}

Machine::~Machine() { munmap(ram_, static_cast<size_t>(frames_) << PAGE_SHIFT); }

struct thread *Machine::Enter(uint32_t hart, const std::function<struct thread *()> &entry) {
  uint32_t outer = hart_now_;
  hart_now_ = hart;
  current = harts_[hart].running;
  struct thread *next = entry();
  harts_[hart].running = next;
  hart_now_ = outer;
  current = harts_[outer].running;
  return next;
}

struct thread *Machine::Call(uint32_t hart, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2,
                             uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6) {
  return Enter(hart, [=] {
    current->resume = RESUME_CALL;
    return system_call[std::min<uint64_t>(number, SYS_COUNT)](a0, a1, a2, a3, a4, a5, a6);
  });
}

}  // namespace host

using host::machine;

extern "C" {

// --- memory ---

void *host_frame_address(frame_t frame) {
  if (frame - host::kFirstFrame >= machine->frames()) host::Die("not RAM: frame", frame);
  return machine->ram() + (static_cast<uint64_t>(frame - host::kFirstFrame) << PAGE_SHIFT);
}

frame_t host_address_frame(const void *address) {
  uint64_t offset = static_cast<uint64_t>(static_cast<const char *>(address) - machine->ram());
  if (offset >> PAGE_SHIFT >= machine->frames()) host::Die("not RAM: offset", offset);
  return host::kFirstFrame + static_cast<frame_t>(offset >> PAGE_SHIFT);
}

uint64_t *arch_table_address(uint64_t pte) {
  if ((pte & 0x3ff) != PTE_V || pte >> 54) host::Die("no pointer to a table:", pte);
  return static_cast<uint64_t *>(host_frame_address(pte_frame(pte)));
}

uint64_t arch_translation(frame_t root, uint32_t asid) {
  return 8ull << 60 | static_cast<uint64_t>(asid) << 44 | root;
}

void arch_root_init(uint64_t *) {}

void arch_switch_translation(uint64_t translation) {
  machine->tlb.SetTranslation(host::ThisHart(), translation);
}

void arch_fence_page(uaddr_t address, uint32_t asid) {
  if (machine->before_fence) machine->before_fence();
  machine->tlb.FencePage(host::ThisHart(), address, asid);
}

void arch_fence_asid(uint32_t asid) {
  if (machine->before_fence) machine->before_fence();
  machine->tlb.FenceAsid(host::ThisHart(), asid);
}

void arch_fence_instructions(void) { machine->fetch_fences |= 1ull << host::ThisHart(); }
void arch_fence_instructions_remote(uint64_t hart_mask) { machine->fetch_fences |= hart_mask; }

void arch_fence_remote(uint64_t hart_mask, uaddr_t start, uaddr_t end, uint32_t asid) {
  if (machine->before_fence) machine->before_fence();
  for (uint32_t hart = 0; hart < machine->hart_count(); hart++) {
    if (!(hart_mask >> hart & 1)) continue;
    if (start == 0 && end == 0) {
      machine->tlb.FenceAsid(hart, asid);
      continue;
    }
    for (uaddr_t a = start; a < end; a += PAGE_SIZE) machine->tlb.FencePage(hart, a, asid);
  }
}

// --- floating point: the registers are not modelled, only who must save them ---

struct thread *arch_fp_leave(struct thread *from, struct thread *to) {
  machine->fp_left.push_back(from);
  return to;
}

bool arch_fp_enable(struct thread *thread) {
  if (thread->fp_used) return false;
  thread->fp_used = true;
  return true;
}

// A running thread's registers are in x[], too.
struct thread *arch_resume(const uint64_t *saved, uaddr_t pc) {
  current->x[REG_PC] = pc;
  for (int i = 1; i < 32; i++) current->x[i] = saved[i];
  current->resume = RESUME_ALL;
  return current;
}

// --- harts, time, interrupts ---

void arch_interrupt_hart(uint32_t hart) {
  machine->interrupts.push_back(hart);
  machine->on_interrupt(hart);
}

void arch_idle(void) {
  if (!machine->while_idle) host::Die("nothing to wait for on hart", host::ThisHart());
  machine->while_idle();
}

uint64_t arch_time(void) { return machine->time; }
uint64_t arch_instret(void) { return machine->instret; }
void arch_timer_set(uint64_t deadline) { machine->timer[host::ThisHart()] = deadline; }
void arch_irq_enable(uint32_t irq) { machine->enabled.push_back(irq); }
void arch_irq_complete(uint32_t irq) { machine->completed.push_back(irq); }
void interrupt_poll(void) {}

// --- last words ---

void arch_console_put(char c) {
  machine->console += c;
  fputc(c, stderr);
}

void arch_halt(uint32_t status) {
  fflush(stderr);
  _Exit(static_cast<int>(status));
}

}  // extern "C"
