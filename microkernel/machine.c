#include "microkernel/machine.h"

#include <string.h>

#include "lib/fdt/fdt.h"

#define SUPERVISOR_EXTERNAL 9u  // the cause that a PLIC context is wired to

struct reading {
  const struct fdt *tree;
  struct machine *machine;
  uint32_t boot_hart;
  uint32_t hart;             // of the cpu node that was read last
  bool reserved;             // below /reserved-memory
  uint32_t boot_interrupts;  // phandle of the boot hart's interrupt controller
};

// Multi-letter extensions follow the single letters, separated by '_'.
static bool isa_has(const char *isa, const char *extension) {
  size_t length = strlen(extension);
  for (; *isa; isa++)
    if (*isa == '_' && !strncmp(isa + 1, extension, length) &&
        (isa[1 + length] == '_' || !isa[1 + length]))
      return true;
  return false;
}

static void read_cpu(struct reading *r, const struct fdt_node *node) {
  struct machine *m = r->machine;
  const char *status = fdt_string(r->tree, node, "status");
  if ((status && strcmp(status, "okay")) || !fdt_u32(r->tree, node, "reg", &r->hart)) return;
  const char *isa = fdt_string(r->tree, node, "riscv,isa");
  if (r->hart == r->boot_hart)
    m->sstc = isa && isa_has(isa, "sstc");
  else if (m->harts < HARTS_MAX)
    m->machine_id[m->harts++] = r->hart;
}

static void read_plic(struct reading *r, const struct fdt_node *node) {
  uint64_t bytes;
  uint32_t length;
  fdt_reg(r->tree, node, 0, &r->machine->plic, &bytes);
  const uint8_t *pairs = fdt_property(r->tree, node, "interrupts-extended", &length);
  for (uint32_t i = 0; pairs && 8 * i + 8 <= length; i++)
    if (fdt_read32(pairs + 8 * i) == r->boot_interrupts &&
        fdt_read32(pairs + 8 * i + 4) == SUPERVISOR_EXTERNAL)
      r->machine->plic_context = i;
}

static void read_chosen(struct reading *r, const struct fdt_node *node) {
  struct machine *m = r->machine;
  fdt_number(r->tree, node, "linux,initrd-start", &m->archive_start);
  fdt_number(r->tree, node, "linux,initrd-end", &m->archive_end);
  const char *arguments = fdt_string(r->tree, node, "bootargs");
  if (arguments) strncpy(m->command_line, arguments, sizeof m->command_line - 1);
}

// The firmware keeps the start of RAM to itself.
static void read_reserved(struct reading *r, const struct fdt_node *node) {
  struct machine *m = r->machine;
  uint64_t address, bytes;
  if (fdt_reg(r->tree, node, 0, &address, &bytes) && address - m->ram_base < m->ram_bytes &&
      bytes <= m->ram_bytes && address + bytes > m->firmware_end)
    m->firmware_end = address + bytes;
}

static void read_node(struct reading *r, const struct fdt_node *node) {
  struct machine *m = r->machine;
  const char *type = fdt_string(r->tree, node, "device_type");
  uint64_t bytes;
  if (!strcmp(node->name, "cpus")) {
    uint32_t timebase;
    if (fdt_u32(r->tree, node, "timebase-frequency", &timebase)) m->timebase = timebase;
  } else if (type && !strcmp(type, "cpu")) {
    read_cpu(r, node);
  } else if (type && !strcmp(type, "memory")) {
    if (!m->ram_bytes) fdt_reg(r->tree, node, 0, &m->ram_base, &m->ram_bytes);
  } else if (fdt_compatible(r->tree, node, "riscv,cpu-intc")) {
    if (r->hart == r->boot_hart) fdt_u32(r->tree, node, "phandle", &r->boot_interrupts);
  } else if (fdt_compatible(r->tree, node, "sifive,test0")) {
    fdt_reg(r->tree, node, 0, &m->finisher, &bytes);
  } else if (!strcmp(node->name, "chosen")) {
    read_chosen(r, node);
  }
}

const char *machine_read(struct machine *machine, const void *blob, uint64_t bytes,
                         uint32_t boot_hart) {
  struct fdt tree;
  struct fdt_node node;
  *machine = (struct machine){.harts = 1, .machine_id = {boot_hart}};
  if (!fdt_open(&tree, blob, bytes)) return "a device tree";
  struct reading r = {.tree = &tree, .machine = machine, .boot_hart = boot_hart};
  for (bool more = fdt_root(&tree, &node); more; more = fdt_next(&tree, &node))
    read_node(&r, &node);
  // What refers to the cpus and to memory, which may come later in the tree.
  for (bool more = fdt_root(&tree, &node); more; more = fdt_next(&tree, &node)) {
    if (node.depth == 1) r.reserved = !strcmp(node.name, "reserved-memory");
    if (node.depth == 2 && r.reserved) read_reserved(&r, &node);
    if (fdt_compatible(&tree, &node, "riscv,plic0") ||
        fdt_compatible(&tree, &node, "sifive,plic-1.0.0"))
      read_plic(&r, &node);
  }
  if (!machine->ram_bytes) return "memory";
  if (!machine->timebase) return "timebase-frequency";
  if (!machine->plic) return "an interrupt controller (PLIC)";
  if (machine->archive_end <= machine->archive_start) return "a boot archive (initrd)";
  return NULL;
}
