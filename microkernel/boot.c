// How RAM is laid out:
//
//   firmware | objects | kernel | frame table | board | objects |2 MiB| first process's image ...
//
// Everything from the 2 MiB line on is FRAME_USER and in the first process's window.

#include "microkernel/boot.h"

#include <string.h>

#include "abi/boot.h"
#include "abi/syscall.h"
#include "lib/elf/elf.h"
#include "lib/ustar/ustar.h"
#include "microkernel/arch.h"
#include "microkernel/endpoint.h"
#include "microkernel/interrupt.h"
#include "microkernel/panic.h"
#include "microkernel/space.h"

#define STACK_PAGES 16u
#define OBJECTS_MIN 96u  // frames: tables and objects of the boot, some for the first process

struct space *boot_space;

static frame_t next_object, end_objects;  // boot objects left
static struct boot_range below;           // objects between firmware and kernel
static frame_t next_user;                 // behind what the first process's image takes

static frame_t frames_of(uint64_t bytes) {
  return (frame_t)((bytes + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

static frame_t take_object(void) {
  if (next_object == end_objects) panic("too few boot objects", end_objects);
  return next_object++;
}

static frame_t take_user(void) {
  if (!frame_exists(next_user)) panic("too little memory for the first process", next_user);
  memset(arch_frame_address(next_user), 0, PAGE_SIZE);
  return next_user++;
}

// Frame table and board behind the kernel, types of all frames. Returns the board's first frame.
static frame_t make_frame_table(const struct machine *m, paddr_t start, paddr_t end) {
  frame_t first = (frame_t)(m->ram_base >> PAGE_SHIFT), table = frames_of(end);
  frame_set_table(arch_frame_address(table), first,
                  (frame_t)(m->ram_bytes >> LARGE_SHIFT) * LARGE_FRAMES);
  frame_t board = table + frames_of(frame_total * sizeof *frame_table);
  frame_t objects = board + frames_of(frame_total);
  frame_t user = (objects + OBJECTS_MIN + LARGE_FRAMES - 1) & ~(LARGE_FRAMES - 1);
  if (user + LARGE_FRAMES > frame_first + frame_total) panic("too little memory", m->ram_bytes);
  if (m->archive_start >> PAGE_SHIFT < user) panic("boot archive in the way at", m->archive_start);

  frame_board = arch_frame_address(board);
  memset(frame_board, 0, frame_total);
  for (frame_t f = frame_first; f < frame_first + frame_total; f++) {
    uint32_t type = f < board                  ? ~0xffu | FRAME_RESERVED
                    : f < objects || f >= user ? FRAME_USER
                                               : FRAME_OBJECT;
    *frame_entry(f) = (struct frame){type, 0};
  }
  below.first = frames_of(m->firmware_end ? m->firmware_end : start);
  below.count = (frame_t)(start >> PAGE_SHIFT) - below.first;
  for (frame_t f = below.first; f < below.first + below.count; f++)
    *frame_entry(f) = (struct frame){FRAME_OBJECT, 0};
  next_object = objects;
  end_objects = next_user = user;
  return board;
}

static void put_range(handle_t slot, uint8_t type, uint32_t first, uint32_t count) {
  *handle_slot(boot_space, slot) =
      (struct handle){.type = type, .rights = RIGHTS_ALL, .first = first, .count = count};
}

static void map_page(uaddr_t address, frame_t frame, uint32_t prot) {
  struct mapping mapping = {.address = address, .prot = prot, .count = 1, .run = frame};
  int error = space_map(boot_space, handle_slot(boot_space, HANDLE_BOOT_RAM), &mapping);
  if (error) panic("cannot map the first process at", address);
}

static void map_new(uaddr_t address, uint32_t pages, uint32_t prot) {
  for (uint32_t i = 0; i < pages; i++) map_page(address + i * PAGE_SIZE, take_user(), prot);
}

static void make_space(const struct machine *m, frame_t board) {
  frame_t frame = take_object();
  frame_set_type(frame, OBJECT_SPACE);
  boot_space = arch_frame_address(frame);
  memset(boot_space, 0, sizeof *boot_space);
  if (space_create(boot_space, 0)) panic("no address-space identifier", 0);
  uint32_t tables = 24 + (uint32_t)(m->ram_bytes >> 30);
  for (uint32_t i = 0; i < tables; i++) {
    uint64_t table = take_object();
    space_fund(boot_space, &table, 1, FUND_TABLE);
  }
  handle_put(boot_space, HANDLE_BOOT_SPACE, OBJECT_SPACE, frame);
  put_range(HANDLE_BOOT_RAM, OBJECT_FRAMES, frame_first, frame_total);
  put_range(HANDLE_BOOT_DEVICES, OBJECT_DEVICES, 0, frame_first);
  put_range(HANDLE_BOOT_IRQS, OBJECT_IRQ, 1, IRQ_MAX - 1);
  put_range(HANDLE_KERNEL, OBJECT_KERNEL, 0, 0);
  for (frame_t f = end_objects; f < frame_first + frame_total; f += LARGE_FRAMES)
    space_window_set(boot_space, f, true);
  for (uint32_t i = 0; i < frames_of(frame_total); i++)
    map_page(BOOT_BOARD + i * PAGE_SIZE, board + i, PROT_R | PROT_W);
}

static const void *physical(paddr_t address) {
  return (const char *)arch_frame_address((frame_t)(address >> PAGE_SHIFT)) + (address & PAGE_MASK);
}

// Copies one segment of the first process's file into new frames.
static void load_segment(const char *file, const struct elf_segment *segment) {
  uaddr_t start = segment->address & ~PAGE_MASK;
  uaddr_t file_end = segment->address + segment->file_bytes;
  for (uaddr_t page = start; page < segment->address + segment->memory_bytes; page += PAGE_SIZE) {
    frame_t frame = take_user();
    uaddr_t from = page > segment->address ? page : segment->address;
    uaddr_t to = page + PAGE_SIZE < file_end ? page + PAGE_SIZE : file_end;
    if (from < to)
      memcpy((char *)arch_frame_address(frame) + (from - page),
             file + segment->file_offset + (from - segment->address), to - from);
    map_page(page, frame, segment->prot);
  }
}

// Loads `pager` from the boot archive; returns its entry point.
static uaddr_t load_image(const struct machine *m) {
  struct ustar_file file;
  struct elf_image image;
  if (!ustar_find(physical(m->archive_start), m->archive_end - m->archive_start, "pager", &file))
    panic("the boot archive has no file `pager`; bytes", m->archive_end - m->archive_start);
  enum elf_result result =
      elf_read(file.data, file.bytes, file.bytes, PAGE_SIZE, BOOT_WINDOW, &image);
  if (result != ELF_OK) panic("`pager` in the boot archive is no executable; elf_read", result);
  for (uint32_t i = 0; i < image.segments; i++) load_segment(file.data, &image.segment[i]);
  return image.entry;
}

// The tree, or a copy of it if it lies behind the last whole 2 MiB of RAM, out of the window.
static paddr_t tree_in_window(paddr_t tree, uint64_t bytes) {
  if (frame_exists((frame_t)((tree + bytes - 1) >> PAGE_SHIFT))) return tree;
  frame_t copy = next_user;
  for (frame_t i = 0; i < frames_of(bytes); i++) take_user();
  memcpy(arch_frame_address(copy), physical(tree), bytes);
  return (paddr_t)copy << PAGE_SHIFT;
}

static void fill_info(struct boot_info *info, const struct machine *m, frame_t first_user,
                      paddr_t tree, uint64_t tree_bytes) {
  frame_t archive = (frame_t)(m->archive_start >> PAGE_SHIFT);
  *info = (struct boot_info){
      .magic = BOOT_MAGIC,
      .ram = {frame_first, frame_total},
      .kernel = {frame_first, first_user - frame_first},
      .objects = {next_object, end_objects - next_object},
      .below = below,
      .image = {first_user, next_user - first_user},
      .archive = {archive, frames_of(m->archive_end) - archive},
      .dtb = {(frame_t)(tree >> PAGE_SHIFT),
              frames_of(tree + tree_bytes) - (frame_t)(tree >> PAGE_SHIFT)},
      .archive_bytes = m->archive_end - m->archive_start,
      .timebase = m->timebase,
      .harts = m->harts,
  };
  memcpy(info->command_line, m->command_line, sizeof info->command_line);
}

void boot_first_process(const struct machine *m, paddr_t start, paddr_t end, paddr_t tree,
                        uint64_t tree_bytes) {
  frame_t board = make_frame_table(m, start, end);
  frame_t first_user = next_user;
  make_space(m, board);
  uaddr_t entry = load_image(m);
  map_new(BOOT_STACK_TOP - STACK_PAGES * PAGE_SIZE, STACK_PAGES, PROT_R | PROT_W);
  frame_t info_frame = next_user;
  map_new(BOOT_INFO, 1, PROT_R | PROT_W);
  frame_t buffer = next_user;
  map_new(BOOT_BUFFER, 1, PROT_R | PROT_W);

  frame_t frame = take_object();
  frame_set_type(frame, OBJECT_THREAD);
  struct thread *thread = arch_frame_address(frame);
  memset(thread, 0, sizeof *thread);
  thread_create(thread, boot_space);
  thread->priority = PRIORITIES - 1;
  thread->buffer = arch_frame_address(buffer);
  frame_entry(buffer)->count++;
  handle_put(boot_space, HANDLE_BOOT_THREAD, OBJECT_THREAD, frame);

  tree = tree_in_window(tree, tree_bytes);
  fill_info(arch_frame_address(info_frame), m, first_user, tree, tree_bytes);
  if (thread_start(thread, entry, BOOT_STACK_TOP, BOOT_INFO, 0)) panic("cannot start", entry);
}
