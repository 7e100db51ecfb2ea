#include "lib/fdt/fdt.h"

#include <stddef.h>
#include <string.h>

#define MAGIC 0xd00dfeedu
#define BLOB_BYTES_MAX (16u << 20)  // offsets plus lengths stay far below 32 bits

enum { VERSION = 17, HEADER_BYTES = 40 };
enum { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOP = 4, END = 9 };
enum { DEFAULT_ADDRESS_CELLS = 2, DEFAULT_SIZE_CELLS = 1 };

// One token of the structure block.
struct token {
  uint32_t kind;
  uint32_t next;        // offset of the token behind it
  const char *name;     // of a node or property
  const uint8_t *data;  // of a property
  uint32_t data_bytes;
};

static uint64_t read64(const void *bytes) {
  return (uint64_t)fdt_read32(bytes) << 32 | fdt_read32((const uint8_t *)bytes + 4);
}

static uint32_t header_field(const void *blob, uint32_t index) {
  return fdt_read32((const uint8_t *)blob + index * 4);
}

uint32_t fdt_total_bytes(const void *blob) {
  return header_field(blob, 0) == MAGIC ? header_field(blob, 1) : 0;
}

static bool within(uint32_t offset, uint32_t bytes, uint32_t total) {
  return offset <= total && bytes <= total - offset;
}

bool fdt_open(struct fdt *tree, const void *blob, uint64_t bytes) {
  if (bytes < HEADER_BYTES) return false;
  uint32_t total = fdt_total_bytes(blob);
  if (total < HEADER_BYTES || total > bytes || total > BLOB_BYTES_MAX) return false;
  *tree = (struct fdt){
      .blob = blob,
      .bytes = total,
      .structure = header_field(blob, 2),
      .structure_bytes = header_field(blob, 9),
      .strings = header_field(blob, 3),
      .strings_bytes = header_field(blob, 8),
      .reservations = header_field(blob, 4),
  };
  // Version 17 is read by all that came after it, as far as `last compatible version` says so.
  return header_field(blob, 5) >= VERSION && header_field(blob, 6) <= VERSION &&
         within(tree->structure, tree->structure_bytes, total) &&
         within(tree->strings, tree->strings_bytes, total) &&
         (tree->strings_bytes == 0 || tree->blob[tree->strings + tree->strings_bytes - 1] == 0);
}

// The first 0 among `bytes` bytes, or NULL.
static const uint8_t *find_zero(const uint8_t *at, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; i++) {
    if (at[i] == 0) return at + i;
  }
  return NULL;
}

static uint32_t align4(uint32_t offset) { return (offset + 3) & ~3u; }

static bool read_node_name(const uint8_t *at, uint32_t room, struct token *token) {
  const uint8_t *end = find_zero(at, room);
  if (end == NULL) return false;
  token->name = (const char *)at;
  token->next += (uint32_t)(end - at) + 1;
  return true;
}

static bool read_property(const struct fdt *tree, const uint8_t *at, uint32_t room,
                          struct token *token) {
  if (room < 8) return false;
  uint32_t bytes = fdt_read32(at);
  uint32_t name = fdt_read32(at + 4);
  if (bytes > room - 8 || name >= tree->strings_bytes) return false;
  token->name = (const char *)tree->blob + tree->strings + name;
  token->data = at + 8;
  token->data_bytes = bytes;
  token->next += 8 + bytes;
  return true;
}

// The token at this offset of the structure block. => false if it is none, or does not fit
static bool read_token(const struct fdt *tree, uint32_t offset, struct token *token) {
  if (!within(offset, 4, tree->structure_bytes)) return false;
  const uint8_t *at = tree->blob + tree->structure + offset;
  uint32_t room = tree->structure_bytes - offset - 4;
  token->kind = fdt_read32(at);
  token->next = offset + 4;
  bool valid = token->kind == END_NODE || token->kind == NOP || token->kind == END;
  if (token->kind == BEGIN_NODE) valid = read_node_name(at + 4, room, token);
  if (token->kind == PROPERTY) valid = read_property(tree, at + 4, room, token);
  token->next = align4(token->next);
  return valid;
}

static uint8_t cells_of(const struct fdt *tree, const struct fdt_node *node, const char *name,
                        uint8_t otherwise) {
  uint32_t value;
  if (!fdt_u32(tree, node, name, &value)) return otherwise;
  return value <= UINT8_MAX ? (uint8_t)value : UINT8_MAX;
}

static void enter(const struct fdt *tree, const struct token *token, uint32_t depth,
                  struct fdt_node *node) {
  node->name = token->name;
  node->depth = depth;
  node->properties = token->next;
  node->address_cells[depth + 1] = cells_of(tree, node, "#address-cells", DEFAULT_ADDRESS_CELLS);
  node->size_cells[depth + 1] = cells_of(tree, node, "#size-cells", DEFAULT_SIZE_CELLS);
}

bool fdt_root(const struct fdt *tree, struct fdt_node *node) {
  struct token token = {.next = 0};
  do {
    if (!read_token(tree, token.next, &token)) return false;
  } while (token.kind == NOP);
  if (token.kind != BEGIN_NODE) return false;
  node->address_cells[0] = DEFAULT_ADDRESS_CELLS;
  node->size_cells[0] = DEFAULT_SIZE_CELLS;
  enter(tree, &token, 0, node);
  return true;
}

bool fdt_next(const struct fdt *tree, struct fdt_node *node) {
  struct token token;
  uint32_t open = node->depth + 1;  // nodes begun and not ended at `offset`
  for (uint32_t offset = node->properties; read_token(tree, offset, &token); offset = token.next) {
    if (token.kind == BEGIN_NODE) {
      if (open < FDT_DEPTH_MAX) {
        enter(tree, &token, open, node);
        return true;
      }
      open++;
    } else if (token.kind == END_NODE) {
      if (--open == 0) return false;
    } else if (token.kind == END) {
      return false;
    }
  }
  return false;
}

bool fdt_find(const struct fdt *tree, const char *path, struct fdt_node *node) {
  if (path[0] != '/' || !fdt_root(tree, node)) return false;
  path++;
  // Nodes at `depth` below the part of the path that is found already come next, or nothing.
  for (uint32_t depth = 1; *path != 0; depth++) {
    size_t length = 0;
    while (path[length] != 0 && path[length] != '/') length++;
    do {
      if (!fdt_next(tree, node) || node->depth < depth) return false;
    } while (node->depth != depth || strlen(node->name) != length ||
             memcmp(node->name, path, length) != 0);
    path += length;
    if (*path == '/') path++;
  }
  return true;
}

const uint8_t *fdt_property(const struct fdt *tree, const struct fdt_node *node, const char *name,
                            uint32_t *bytes) {
  struct token token;
  for (uint32_t offset = node->properties; read_token(tree, offset, &token); offset = token.next) {
    if (token.kind == PROPERTY && strcmp(token.name, name) == 0) {
      *bytes = token.data_bytes;
      return token.data;
    }
    if (token.kind != PROPERTY && token.kind != NOP) return NULL;
  }
  return NULL;
}

bool fdt_u32(const struct fdt *tree, const struct fdt_node *node, const char *name,
             uint32_t *value) {
  uint32_t bytes;
  const uint8_t *data = fdt_property(tree, node, name, &bytes);
  if (data == NULL || bytes != 4) return false;
  *value = fdt_read32(data);
  return true;
}

bool fdt_number(const struct fdt *tree, const struct fdt_node *node, const char *name,
                uint64_t *value) {
  uint32_t bytes;
  const uint8_t *data = fdt_property(tree, node, name, &bytes);
  if (data == NULL || (bytes != 4 && bytes != 8)) return false;
  *value = bytes == 4 ? fdt_read32(data) : read64(data);
  return true;
}

const char *fdt_string(const struct fdt *tree, const struct fdt_node *node, const char *name) {
  uint32_t bytes;
  const uint8_t *data = fdt_property(tree, node, name, &bytes);
  if (data == NULL || find_zero(data, bytes) == NULL) return NULL;
  return (const char *)data;
}

bool fdt_compatible(const struct fdt *tree, const struct fdt_node *node, const char *name) {
  uint32_t bytes;
  const uint8_t *data = fdt_property(tree, node, "compatible", &bytes);
  while (data != NULL && bytes > 0) {
    const uint8_t *end = find_zero(data, bytes);
    if (end == NULL) return false;
    if (strcmp((const char *)data, name) == 0) return true;
    bytes -= (uint32_t)(end - data) + 1;
    data = end + 1;
  }
  return false;
}

// A number of `cells` cells. => false if it needs more than 64 bits
static bool read_cells(const uint8_t *data, uint32_t cells, uint64_t *value) {
  *value = 0;
  for (uint32_t i = 0; i < cells; i++) {
    if (*value >> 32 != 0) return false;
    *value = *value << 32 | fdt_read32(data + i * 4);
  }
  return true;
}

bool fdt_reg(const struct fdt *tree, const struct fdt_node *node, uint32_t index, uint64_t *address,
             uint64_t *bytes) {
  uint32_t length;
  const uint8_t *data = fdt_property(tree, node, "reg", &length);
  uint32_t address_cells = node->address_cells[node->depth];
  uint32_t size_cells = node->size_cells[node->depth];
  uint32_t entry = (address_cells + size_cells) * 4;
  if (data == NULL || entry == 0 || index >= length / entry) return false;
  data += index * entry;
  return read_cells(data, address_cells, address) &&
         read_cells(data + address_cells * 4, size_cells, bytes);
}

bool fdt_reservation(const struct fdt *tree, uint32_t index, uint64_t *address, uint64_t *bytes) {
  if (tree->reservations > tree->bytes || index >= (tree->bytes - tree->reservations) / 16) {
    return false;
  }
  const uint8_t *entry = tree->blob + tree->reservations + index * 16;
  *address = read64(entry);
  *bytes = read64(entry + 8);
  return *address != 0 || *bytes != 0;
}
