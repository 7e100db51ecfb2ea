#include "microkernel/host_kernel.h"

namespace {

constexpr uint32_t kReservedFrames = 16;
constexpr uint32_t kBootTables = 12;

void PutRange(handle_t slot, uint8_t type, uint32_t first, uint32_t count) {
  struct handle *handle = handle_slot(boot_space, slot);
  *handle = {};
  handle->type = type;
  handle->rights = RIGHTS_ALL;
  handle->first = first;
  handle->count = count;
}

}  // namespace

HostKernel::HostKernel(uint32_t harts, uint32_t blocks, uint32_t asids) {
  static uint32_t generation = 0;  // no handle of an earlier kernel fits
  generation += 1000;
  host::Machine::Make(harts, blocks * LARGE_FRAMES, asids);
  frames_.resize(blocks * LARGE_FRAMES);
  board_.resize(blocks * LARGE_FRAMES / 4);
  frame_board = reinterpret_cast<uint8_t *>(board_.data());
  frame_set_table(frames_.data(), host::kFirstFrame, blocks * LARGE_FRAMES);
  for (uint32_t i = 0; i < frame_total; i++) {
    uint32_t type = i < kReservedFrames ? FRAME_RESERVED
                    : i < LARGE_FRAMES  ? FRAME_OBJECT
                                        : FRAME_USER;
    frames_[i].type_generation = (i == 0 ? ~0xffu : generation << 8) | type;
  }
  for (uint32_t i = LARGE_FRAMES; i-- > kReservedFrames;) object_frames_.push_back(frame_first + i);
  next_user_ = frame_first + LARGE_FRAMES;

  frame_t frame = ObjectFrame();
  frame_set_type(frame, OBJECT_SPACE);
  boot_space = static_cast<struct space *>(arch_frame_address(frame));
  if (space_create(boot_space, 0)) abort();
  for (uint32_t i = 0; i < kBootTables; i++) {
    uint64_t table = ObjectFrame();
    space_fund(boot_space, &table, 1, FUND_TABLE);
  }
  handle_put(boot_space, HANDLE_BOOT_SPACE, OBJECT_SPACE, frame);
  PutRange(HANDLE_BOOT_RAM, OBJECT_FRAMES, frame_first, frame_total);
  PutRange(HANDLE_BOOT_DEVICES, OBJECT_DEVICES, 0, frame_first);
  PutRange(HANDLE_BOOT_IRQS, OBJECT_IRQ, 1, IRQ_MAX - 1);
  PutRange(HANDLE_KERNEL, OBJECT_KERNEL, 0, 0);
  for (uint32_t i = LARGE_FRAMES; i < frame_total; i += LARGE_FRAMES)
    space_window_set(boot_space, frame_first + i, true);

  for (uint32_t i = 0; i < harts; i++) {
    frame = ObjectFrame();
    frame_set_type(frame, OBJECT_THREAD);
    struct thread *thread = static_cast<struct thread *>(arch_frame_address(frame));
    thread_create(thread, boot_space);
    thread->translation = boot_space->translation;
    boot_threads_.push_back(thread);
    if (i == 0) handle_put(boot_space, HANDLE_BOOT_THREAD, OBJECT_THREAD, frame);
    Run(i, thread);
  }
}

HostKernel::~HostKernel() {
  host::Machine &m = machine();
  m.before_fence = nullptr;
  m.on_interrupt = [](uint32_t) {};
  current = &m.hart(0).idle;
  for (frame_t f = frame_first; f < frame_first + frame_total; f++) {
    if (frame_type(f) == OBJECT_ENDPOINT)
      endpoint_destroy(static_cast<struct endpoint *>(arch_frame_address(f)));
  }
  for (frame_t f = frame_first; f < frame_first + frame_total; f++) {
    if (frame_type(f) != OBJECT_THREAD) continue;
    struct thread *thread = static_cast<struct thread *>(arch_frame_address(f));
    if (thread->state == THREAD_RUNNING) thread->state = THREAD_INACTIVE;
    thread_kill(thread);
  }
  for (frame_t f = frame_first; f < frame_first + frame_total; f++) {
    if (frame_type(f) != OBJECT_SPACE) continue;
    struct space *space = static_cast<struct space *>(arch_frame_address(f));
    while (space_destroy(space) == -EAGAIN) {
    }
  }
}

int64_t HostKernel::CallOn(uint32_t hart, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2,
                           uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6) {
  Run(hart, boot_threads_[hart]);
  machine().Call(hart, number, a0, a1, a2, a3, a4, a5, a6);
  return static_cast<int64_t>(boot_threads_[hart]->x[REG_A0]);
}

void HostKernel::Run(uint32_t hart, struct thread *thread) {
  struct thread *before = machine().running(hart);
  if (before == thread) return;
  machine().Enter(hart, [=] {
    thread->translation = thread->space->translation;
    struct thread *next = dispatch(thread);
    if (before->resume != RESUME_IDLE && before->state == THREAD_RUNNING)
      before->state = THREAD_INACTIVE;
    return next;
  });
}

frame_t HostKernel::ObjectFrame() {
  if (object_frames_.empty()) abort();
  frame_t frame = object_frames_.back();
  object_frames_.pop_back();
  return frame;
}

frame_t HostKernel::UserFrame() { return next_user_++; }

handle_t HostKernel::Create(uint64_t type, uint64_t argument) {
  handle_t slot = Slot();
  EXPECT_EQ(Call(SYS_CREATE, type, HANDLE_BOOT_RAM, ObjectFrame(), slot, argument), 0);
  return slot;
}

handle_t HostKernel::Space(uint32_t badge, uint32_t tables) {
  handle_t space = Create(OBJECT_SPACE, badge);
  for (uint32_t i = 0; i < tables; i++)
    EXPECT_EQ(Call(SYS_FUND, space, HANDLE_BOOT_RAM, ObjectFrame(), FUND_TABLE), 0);
  return space;
}

handle_t HostKernel::Thread(handle_t space) { return Create(OBJECT_THREAD, space); }
handle_t HostKernel::Endpoint() { return Create(OBJECT_ENDPOINT, 0); }
