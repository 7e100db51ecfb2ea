#include "servers/fs/file.h"

#include <stddef.h>

struct file files[FILES_MAX];

struct file *file_new(const struct file_kind *kind) {
  // Index 0 means no file.
  static unsigned last = 0;
  for (unsigned i = 0; i < FILES_MAX; i++) {
    last = last + 1 < FILES_MAX ? last + 1 : 1;
    struct file *file = &files[last];
    if (file->kind != NULL) continue;
    *file = (struct file){.kind = kind, .refs = 1};
    return file;
  }
  return NULL;
}

void file_put(struct file *file) {
  if (--file->refs > 0) return;
  if (file->kind->close != NULL) file->kind->close(file);
  vnode_put(file->vnode);
  file->kind = NULL;
}
