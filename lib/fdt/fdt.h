// Flattened device trees (Devicetree Specification 0.4, chapter 5), read in place. The bytes may
// be hostile and unaligned.
//
//   struct fdt_node node;
//   for (bool more = fdt_root(&tree, &node); more; more = fdt_next(&tree, &node)) {
//     if (fdt_compatible(&tree, &node, "virtio,mmio")) fdt_reg(&tree, &node, 0, &address, &bytes);
//   }
#ifndef LIB_FDT_FDT_H
#define LIB_FDT_FDT_H

#include <stdbool.h>
#include <stdint.h>

#define FDT_DEPTH_MAX 8  // deeper nodes are passed over

struct fdt {
  const uint8_t *blob;
  uint32_t bytes;      // of the whole blob
  uint32_t structure;  // offset and bytes of the structure block
  uint32_t structure_bytes;
  uint32_t strings;  // the same of the strings block, which ends in 0
  uint32_t strings_bytes;
  uint32_t reservations;  // offset of the memory reservation block
};

// A place in the walk over all nodes, parents first.
struct fdt_node {
  const char *name;     // with unit address; empty for the root
  uint32_t depth;       // 0 for the root
  uint32_t properties;  // offset behind the name, in the structure block
  // Cells of an address and a size in the `reg` of nodes at this depth.
  uint8_t address_cells[FDT_DEPTH_MAX + 1];
  uint8_t size_cells[FDT_DEPTH_MAX + 1];
};

static inline uint32_t fdt_read32(const void *bytes) {
  const uint8_t *b = (const uint8_t *)bytes;
  return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

// Bytes of the blob that starts here, from its header; 0 if there is none. Needs 8 bytes.
uint32_t fdt_total_bytes(const void *blob);

// => false if it is no device tree that fits into `bytes` bytes
bool fdt_open(struct fdt *tree, const void *blob, uint64_t bytes);

// => false if there is no root, no further node, or the blob is damaged
bool fdt_root(const struct fdt *tree, struct fdt_node *node);
bool fdt_next(const struct fdt *tree, struct fdt_node *node);

// The node with this path ("/chosen", "/cpus/cpu@0"), unit addresses included. => false if none
bool fdt_find(const struct fdt *tree, const char *path, struct fdt_node *node);

// A property's value and its length, or NULL.
const uint8_t *fdt_property(const struct fdt *tree, const struct fdt_node *node, const char *name,
                            uint32_t *bytes);

// A property of one cell or (fdt_number) of one or two. => false if it is absent or another length
bool fdt_u32(const struct fdt *tree, const struct fdt_node *node, const char *name,
             uint32_t *value);
bool fdt_number(const struct fdt *tree, const struct fdt_node *node, const char *name,
                uint64_t *value);

// A property that is a string terminated by 0, or NULL.
const char *fdt_string(const struct fdt *tree, const struct fdt_node *node, const char *name);

// Whether one of the node's `compatible` strings is this one.
bool fdt_compatible(const struct fdt *tree, const struct fdt_node *node, const char *name);

// Entry `index` of `reg`. => false if there is none, or it does not fit into 64 bits
bool fdt_reg(const struct fdt *tree, const struct fdt_node *node, uint32_t index, uint64_t *address,
             uint64_t *bytes);

// Entry `index` of the memory reservation block. => false if there is none
bool fdt_reservation(const struct fdt *tree, uint32_t index, uint64_t *address, uint64_t *bytes);

#endif
