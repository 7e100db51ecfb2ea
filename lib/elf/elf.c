#include "lib/elf/elf.h"

#include <stdbool.h>
#include <string.h>

#include "abi/layout.h"
#include "abi/syscall.h"

// Names and numbers are those of the System V ABI, chapters 4 and 5.
struct header {
  uint8_t ident[16];
  uint16_t type, machine;
  uint32_t version;
  uint64_t entry, phoff, shoff;
  uint32_t flags;
  uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct program_header {
  uint32_t type, flags;
  uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

enum { ET_EXEC = 2, EM_RISCV = 243, EV_CURRENT = 1 };
enum { PT_LOAD = 1, PT_DYNAMIC = 2, PT_INTERP = 3 };
enum { PF_X = 1, PF_W = 2, PF_R = 4 };

static const uint8_t kIdent[] = {0x7f, 'E', 'L', 'F', 2 /* 64 bit */, 1 /* little endian */, 1};

static bool header_valid(const struct header *header, uint64_t head_bytes) {
  return memcmp(header->ident, kIdent, sizeof(kIdent)) == 0 && header->type == ET_EXEC &&
         header->machine == EM_RISCV && header->version == EV_CURRENT &&
         header->phentsize == sizeof(struct program_header) && header->phoff <= head_bytes &&
         header->phnum <= (head_bytes - header->phoff) / sizeof(struct program_header);
}

// The MMU has no writable entries that are not readable.
static uint32_t prot_of(uint32_t flags) {
  uint32_t prot = 0;
  if (flags & (PF_R | PF_W)) prot |= PROT_R;
  if (flags & PF_W) prot |= PROT_W;
  if (flags & PF_X) prot |= PROT_X;
  return prot;
}

// free_from: end of the last page that an earlier segment uses.
static bool segment_valid(const struct program_header *ph, uint64_t file_bytes, uint64_t free_from,
                          uint64_t high) {
  if (ph->filesz > ph->memsz) return false;
  if (ph->vaddr < free_from || ph->vaddr > high || ph->memsz > high - ph->vaddr) return false;
  if (ph->filesz == 0) return true;
  return ph->offset <= file_bytes && ph->filesz <= file_bytes - ph->offset &&
         (ph->offset & PAGE_MASK) == (ph->vaddr & PAGE_MASK);
}

static bool entry_valid(const struct elf_image *image) {
  if (image->entry % 2 != 0) return false;
  for (uint32_t i = 0; i < image->segments; i++) {
    const struct elf_segment *segment = &image->segment[i];
    if ((segment->prot & PROT_X) && image->entry >= segment->address &&
        image->entry - segment->address < segment->memory_bytes) {
      return true;
    }
  }
  return false;
}

enum elf_result elf_read(const void *head, uint64_t head_bytes, uint64_t file_bytes, uint64_t low,
                         uint64_t high, struct elf_image *image) {
  struct header header;
  if (head_bytes < sizeof(header) || file_bytes < head_bytes) return ELF_MALFORMED;
  memcpy(&header, head, sizeof(header));
  if (!header_valid(&header, head_bytes)) return ELF_MALFORMED;

  image->entry = header.entry;
  image->segments = 0;
  uint64_t free_from = low;
  for (uint32_t i = 0; i < header.phnum; i++) {
    struct program_header ph;
    memcpy(&ph, (const uint8_t *)head + header.phoff + i * sizeof(ph), sizeof(ph));
    if (ph.type == PT_INTERP || ph.type == PT_DYNAMIC) return ELF_INTERPRETED;
    if (ph.type != PT_LOAD || ph.memsz == 0) continue;
    if (image->segments == ELF_SEGMENTS_MAX || !segment_valid(&ph, file_bytes, free_from, high)) {
      return ELF_MALFORMED;
    }
    image->segment[image->segments++] = (struct elf_segment){
        .address = ph.vaddr,
        .memory_bytes = ph.memsz,
        .file_offset = ph.offset,
        .file_bytes = ph.filesz,
        .prot = prot_of(ph.flags),
    };
    free_from = (ph.vaddr + ph.memsz + PAGE_MASK) & ~PAGE_MASK;
  }
  return entry_valid(image) ? ELF_OK : ELF_MALFORMED;
}
