// kernel_ops.h for host tests: each operation is the fake kernel's.
#include <gtest/gtest.h>

#include "protocols/proc.h"
#include "servers/pager/core/fake_kernel.h"

extern "C" {

int kops_space_create(uint32_t slot, uint32_t badge, uint32_t frame) {
  return FakeKernel::machine->SpaceCreate(slot, badge, frame);
}
void kops_space_destroy(uint32_t slot) { FakeKernel::machine->SpaceDestroy(slot); }
int kops_thread_create(uint32_t slot, uint32_t frame) {
  return FakeKernel::machine->ThreadCreate(slot, frame);
}
void kops_thread_start(uint32_t, uint64_t, uint64_t, uint64_t, uint64_t) {}
int kops_thread_clone(uint32_t slot, uint32_t of, uint64_t) {
  EXPECT_TRUE(FakeKernel::machine->HasSpace(slot) && FakeKernel::machine->HasSpace(of));
  return 0;
}
int kops_thread_buffer(uint32_t slot, uint32_t frame) {
  EXPECT_EQ(frame, FakeKernel::machine->pager()->message[slot]);
  return FakeKernel::machine->ThreadBuffer(slot);
}
int kops_thread_upcall(uint32_t slot, uint64_t pc) {
  return FakeKernel::machine->ThreadUpcall(slot, pc);
}
int kops_reply_upcall(token_t token, uint64_t pc) {
  if (FakeKernel::machine->refuse_upcalls) return -EINVAL;
  FakeKernel::machine->SetAnswer(token, Answer{Answer::kUpcall, 0, 0, 0, pc, 0});
  return 0;
}
int kops_fund_tables(uint32_t slot, uint32_t count, const uint32_t frames[]) {
  EXPECT_GE(count, 1u);
  EXPECT_LE(count, (uint32_t)FUND_FRAMES_MAX);
  for (uint32_t i = 0; i < count; i++) FakeKernel::machine->Fund(slot, frames[i]);
  return 0;
}
int kops_map(uint32_t slot, uint64_t va_prot, uint32_t count, const uint32_t *frames) {
  return FakeKernel::machine->Map(slot, va_prot, count, frames);
}
void kops_map_with_answer(uint32_t slot, uint64_t va_prot, uint32_t frame) {
  uint64_t start = va_prot & ~PAGE_MASK;
  if ((va_prot & PAGE_MASK) == 0 || FakeKernel::machine->Map(slot, va_prot, 1, &frame) != 0) {
    FakeKernel::machine->Unmap(slot, start, start + PAGE_SIZE);
  }
}
int kops_map_device(uint32_t, uint64_t, uint32_t, uint64_t) { return 0; }
void kops_unmap(uint32_t slot, uint64_t start, uint64_t end) {
  FakeKernel::machine->Unmap(slot, start, end);
}
void kops_protect(uint32_t slot, uint64_t start, uint64_t end, uint32_t prot) {
  FakeKernel::machine->Protect(slot, start, end, prot);
}
void kops_harvest(uint32_t slot, uint64_t start, uint64_t end) {
  FakeKernel::machine->Harvest(slot, start, end);
}
int kops_retype_objects(uint32_t first) { return FakeKernel::machine->Retype(first); }
int64_t kops_call(const struct event *event) {
  return FakeKernel::machine->calls.at(event->token)();
}
void kops_reply(token_t token, uint64_t r0, uint64_t) {
  FakeKernel::machine->SetAnswer(token, Answer{Answer::kReply, (int64_t)r0, 0, 0, 0, 0});
}
int kops_map_reply(token_t token, uint32_t slot, uint64_t va_prot, uint32_t count,
                   const uint32_t *frames) {
  int status = FakeKernel::machine->Map(slot, va_prot, count, frames);
  if (status == 0) FakeKernel::machine->SetAnswer(token, Answer{Answer::kMapped, 0, 0, 0, 0, 0});
  return status;
}
void kops_reply_start(token_t token, uint64_t pc, uint64_t sp, uint64_t, uint64_t) {
  FakeKernel::machine->SetAnswer(token, Answer{Answer::kStart, 0, 0, 0, pc, sp});
}
void kops_forward_to_proc(token_t token, const uint64_t word[5]) {
  EXPECT_EQ(word[0], (uint64_t)PROC_FAULT);
  FakeKernel::machine->SetAnswer(token, Answer{Answer::kSignal, 0, PROC_FAULT_SIGNAL(word[1]),
                                               PROC_FAULT_REASON(word[1]), word[2], 0});
}
void kops_serve(token_t token, const uint64_t word[4]) { FakeKernel::machine->Serve(token, word); }
void kops_flushed(token_t token, uint64_t, int64_t status) {
  FakeKernel::machine->SetAnswer(token, Answer{Answer::kReply, status, 0, 0, 0, 0});
}
uint64_t kops_now(void) { return FakeKernel::machine->now; }
void kops_timer(uint64_t deadline) { FakeKernel::machine->deadline = deadline; }
void kops_moved(token_t token, uint64_t, int64_t status, uint64_t, uint64_t length) {
  EXPECT_LT(status, (int64_t)length);
  FakeKernel::machine->SetAnswer(token, Answer{Answer::kReply, status, 0, 0, 0, 0});
}
void kops_notify_out_of_memory(void) { FakeKernel::machine->out_of_memory = true; }
void kops_notify_provider(void) { FakeKernel::machine->notifications++; }
}
