#include "servers/fs/virtio_mmio.h"

#include <errno.h>

#include "servers/fs/virtqueue.h"

#define MAGIC 0x74726976u
#define FEATURE_VERSION_1 (1ull << 32)

// Registers, as indices of words.
enum {
  REG_MAGIC = 0x000 / 4,
  REG_VERSION = 0x004 / 4,
  REG_DEVICE_ID = 0x008 / 4,
  REG_DEVICE_FEATURES = 0x010 / 4,
  REG_DEVICE_FEATURES_SEL = 0x014 / 4,
  REG_DRIVER_FEATURES = 0x020 / 4,
  REG_DRIVER_FEATURES_SEL = 0x024 / 4,
  REG_LEGACY_PAGE_SIZE = 0x028 / 4,
  REG_QUEUE_SEL = 0x030 / 4,
  REG_QUEUE_NUM_MAX = 0x034 / 4,
  REG_QUEUE_NUM = 0x038 / 4,
  REG_LEGACY_QUEUE_ALIGN = 0x03c / 4,
  REG_LEGACY_QUEUE_PFN = 0x040 / 4,
  REG_QUEUE_READY = 0x044 / 4,
  REG_QUEUE_NOTIFY = 0x050 / 4,
  REG_INTERRUPT_STATUS = 0x060 / 4,
  REG_INTERRUPT_ACK = 0x064 / 4,
  REG_STATUS = 0x070 / 4,
  REG_QUEUE_DESC = 0x080 / 4,
  REG_QUEUE_DRIVER = 0x090 / 4,
  REG_QUEUE_DEVICE = 0x0a0 / 4,
  REG_CONFIG_GENERATION = 0x0fc / 4,
  REG_CONFIG = 0x100 / 4,
};

enum {
  STATUS_ACKNOWLEDGE = 1,
  STATUS_DRIVER = 2,
  STATUS_DRIVER_OK = 4,
  STATUS_FEATURES_OK = 8,
};

// A reset is the one thing that is polled for: the specification knows no interrupt for it.
enum { RESET_POLLS = 100000 };

// Orders accesses to memory and to registers among each other.
static inline void io_fence(void) { __asm__ volatile("fence iorw, iorw" ::: "memory"); }

uint32_t virtio_mmio_probe(struct virtio_mmio *device, uint64_t address) {
  device->registers = (volatile uint32_t *)(uintptr_t)address;
  if (device->registers[REG_MAGIC] != MAGIC) return 0;
  uint32_t version = device->registers[REG_VERSION];
  if (version != 1 && version != 2) return 0;
  device->legacy = version == 1;
  return device->registers[REG_DEVICE_ID];
}

static int reset(volatile uint32_t *registers) {
  registers[REG_STATUS] = 0;
  for (int i = 0; i < RESET_POLLS; i++) {
    if (registers[REG_STATUS] == 0) return 0;
  }
  return -EIO;
}

static uint64_t offered(volatile uint32_t *registers) {
  registers[REG_DEVICE_FEATURES_SEL] = 0;
  uint64_t features = registers[REG_DEVICE_FEATURES];
  registers[REG_DEVICE_FEATURES_SEL] = 1;
  return features | (uint64_t)registers[REG_DEVICE_FEATURES] << 32;
}

int virtio_mmio_negotiate(struct virtio_mmio *device, uint64_t wanted, uint64_t *features) {
  volatile uint32_t *registers = device->registers;
  int status = reset(registers);
  if (status != 0) return status;
  registers[REG_STATUS] = STATUS_ACKNOWLEDGE;
  registers[REG_STATUS] = STATUS_ACKNOWLEDGE | STATUS_DRIVER;
  if (!device->legacy) wanted |= FEATURE_VERSION_1;
  *features = offered(registers) & wanted;
  registers[REG_DRIVER_FEATURES_SEL] = 0;
  registers[REG_DRIVER_FEATURES] = (uint32_t)*features;
  if (device->legacy) {
    *features = (uint32_t)*features;
    return 0;
  }
  if ((*features & FEATURE_VERSION_1) == 0) return -EIO;
  registers[REG_DRIVER_FEATURES_SEL] = 1;
  registers[REG_DRIVER_FEATURES] = (uint32_t)(*features >> 32);
  registers[REG_STATUS] = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK;
  return (registers[REG_STATUS] & STATUS_FEATURES_OK) != 0 ? 0 : -EIO;
}

static void set_address(volatile uint32_t *registers, unsigned reg, uint64_t address) {
  registers[reg] = (uint32_t)address;
  registers[reg + 1] = (uint32_t)(address >> 32);
}

int virtio_mmio_start(struct virtio_mmio *device, uint64_t queue_physical) {
  volatile uint32_t *registers = device->registers;
  registers[REG_QUEUE_SEL] = 0;
  uint32_t size = registers[REG_QUEUE_NUM_MAX];
  if (size > VIRTQUEUE_SIZE) size = VIRTQUEUE_SIZE;
  // A legacy device finds the parts of the queue by its size.
  if (size == 0 || (size & (size - 1)) != 0 || (device->legacy && size != VIRTQUEUE_SIZE)) {
    return -EIO;
  }
  uint32_t status = registers[REG_STATUS];
  registers[REG_QUEUE_NUM] = size;
  if (device->legacy) {
    registers[REG_LEGACY_PAGE_SIZE] = VIRTQUEUE_USED;
    registers[REG_LEGACY_QUEUE_ALIGN] = VIRTQUEUE_USED;
    registers[REG_LEGACY_QUEUE_PFN] = (uint32_t)(queue_physical / VIRTQUEUE_USED);
  } else {
    set_address(registers, REG_QUEUE_DESC, queue_physical);
    set_address(registers, REG_QUEUE_DRIVER, queue_physical + VIRTQUEUE_AVAIL);
    set_address(registers, REG_QUEUE_DEVICE, queue_physical + VIRTQUEUE_USED);
    registers[REG_QUEUE_READY] = 1;
  }
  io_fence();
  registers[REG_STATUS] = status | STATUS_DRIVER_OK;
  return (int)size;
}

void virtio_mmio_notify(const struct virtio_mmio *device) {
  io_fence();
  device->registers[REG_QUEUE_NOTIFY] = 0;
}

void virtio_mmio_acknowledge(const struct virtio_mmio *device) {
  device->registers[REG_INTERRUPT_ACK] = device->registers[REG_INTERRUPT_STATUS];
  io_fence();
}

void virtio_mmio_stop(const struct virtio_mmio *device) { reset(device->registers); }

uint32_t virtio_mmio_config(const struct virtio_mmio *device, unsigned offset) {
  return device->registers[REG_CONFIG + offset / 4];
}

uint64_t virtio_mmio_config_first(const struct virtio_mmio *device) {
  for (;;) {
    uint32_t generation = device->legacy ? 0 : device->registers[REG_CONFIG_GENERATION];
    uint64_t value = virtio_mmio_config(device, 0);
    value |= (uint64_t)virtio_mmio_config(device, 4) << 32;
    if (device->legacy || device->registers[REG_CONFIG_GENERATION] == generation) return value;
  }
}
