// Static RISC-V ELF64 executables: what to map where.
//
// Works on the file's first bytes alone, so that a program can be checked before it is read. The
// bytes may be hostile and unaligned.
#ifndef LIB_ELF_ELF_H
#define LIB_ELF_ELF_H

#include <stdint.h>

#define ELF_SEGMENTS_MAX 8

// What memory [address, address + memory_bytes) starts with: file_bytes from the file, then zeros.
struct elf_segment {
  uint64_t address;
  uint64_t memory_bytes;  // > 0
  uint64_t file_offset;   // congruent to address modulo PAGE_SIZE if file_bytes > 0
  uint64_t file_bytes;    // <= memory_bytes
  uint32_t prot;          // PROT_R | PROT_W | PROT_X of abi/syscall.h
};

struct elf_image {
  uint64_t entry;     // within an executable segment, even
  uint32_t segments;  // 1..ELF_SEGMENTS_MAX, by ascending address; no two touch one page
  struct elf_segment segment[ELF_SEGMENTS_MAX];
};

enum elf_result {
  ELF_OK = 0,
  ELF_MALFORMED,    // not such an executable, damaged, or beyond the limits
  ELF_INTERPRETED,  // wants a dynamic linker
};

// Reads header and program headers from the first head_bytes bytes of a file of file_bytes bytes.
// All segments lie within [low, high) and the file. *image is only meaningful with ELF_OK.
enum elf_result elf_read(const void *head, uint64_t head_bytes, uint64_t file_bytes, uint64_t low,
                         uint64_t high, struct elf_image *image);

#endif
