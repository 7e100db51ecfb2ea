// execve: the program file is opened, read and checked here; the argument block is built in
// anonymous memory; fs and pager check again and switch the space (PROC_EXEC).
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/elf/elf.h"
#include "libsys/argument_block.h"
#include "libsys/call.h"
#include "libsys/message.h"

#define HEAD_BYTES 1024     // of the file: ELF headers or "#!" line
#define SCRIPT_LINE 256     // longest "#!" line
#define SCRIPT_DEPTH_MAX 4  // scripts whose interpreter is a script

static int run(const char *path, char *const argv[], char *const envp[], int depth);

// Opens a file that may be executed. -1 and errno if it may not.
static int open_program(const char *path, struct stat *status) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  if (fstat(fd, status) == 0) {
    if (S_ISREG(status->st_mode) && (status->st_mode & (S_IXUSR | S_IXGRP | S_IXOTH))) return fd;
    errno = EACCES;
  }
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

static const char *last_component(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static void describe(const struct elf_image *image, const char *path, uint64_t block,
                     size_t block_bytes, size_t arguments_bytes, struct exec_image *exec) {
  memset(exec, 0, sizeof *exec);
  exec->entry = image->entry;
  exec->arguments = block;
  exec->arguments_bytes = block_bytes;
  exec->stack_pointer = STACK_TOP - arguments_bytes;
  exec->segments = image->segments;
  for (uint32_t i = 0; i < image->segments; ++i) {
    const struct elf_segment *from = &image->segment[i];
    exec->segment[i] = (struct exec_segment){
        .address = from->address,
        .memory_bytes = from->memory_bytes,
        .file_offset = from->file_offset,
        .file_bytes = from->file_bytes,
        .prot = from->prot,
    };
  }
  strncpy(exec->name, last_component(path), sizeof exec->name - 1);
}

// Replaces this program by an ELF file, of which `head` are the first bytes. Returns on error only.
static int run_elf(int fd, const char *path, const void *head, size_t head_bytes,
                   uint64_t file_bytes, char *const argv[], char *const envp[]) {
  struct elf_image image;
  if (elf_read(head, head_bytes, file_bytes, IMAGE_BASE, MMAP_BASE, &image) != ELF_OK) {
    return -ENOEXEC;
  }
  struct argument_block_size size;
  int error = argument_block_measure(argv, envp, ARG_MAX, &size);
  if (error) return error;
  size_t block_bytes = (size.bytes + PAGE_MASK) & ~PAGE_MASK;
  char *block = mmap(NULL, block_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) return -errno;
  argument_block_write(block + block_bytes - size.bytes, STACK_TOP - size.bytes, argv, envp, &size);
  describe(&image, path, (uint64_t)(uintptr_t)block, block_bytes, size.bytes, message_page());
  error = (int)call_proc(PROC_EXEC, (uint64_t)fd, 0).status;
  munmap(block, block_bytes);
  return error;
}

// Splits "#!interpreter [argument]\n". false: not such a line.
static bool parse_script_line(char *line, char **interpreter, char **argument) {
  char *end = strchr(line, '\n');
  if (!end) return false;
  while (end > line && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r')) --end;
  *end = 0;
  line += 2;
  line += strspn(line, " \t");
  if (!*line) return false;
  *interpreter = line;
  *argument = NULL;
  line += strcspn(line, " \t");
  if (!*line) return true;
  *line++ = 0;
  *argument = line + strspn(line, " \t");
  return true;
}

// Runs a script: interpreter, its argument, the script's path, the arguments.
static int run_script(const char *path, char *line, char *const argv[], char *const envp[],
                      int depth) {
  if (depth == SCRIPT_DEPTH_MAX) return -ELOOP;
  char *interpreter, *argument;
  if (!parse_script_line(line, &interpreter, &argument)) return -ENOEXEC;
  size_t count = 0;
  while (argv && argv[count]) ++count;
  char **list = malloc((count + 4) * sizeof *list);
  if (!list) return -ENOMEM;
  size_t used = 0;
  list[used++] = interpreter;
  if (argument) list[used++] = argument;
  list[used++] = (char *)path;
  for (size_t i = 1; i < count; ++i) list[used++] = argv[i];
  list[used] = NULL;
  int error = run(interpreter, list, envp, depth + 1);
  free(list);
  return error;
}

// Returns a negative errno; does not return when the program runs.
static int run(const char *path, char *const argv[], char *const envp[], int depth) {
  struct stat status;
  int fd = open_program(path, &status);
  if (fd < 0) return -errno;
  _Alignas(8) char head[HEAD_BYTES];
  ssize_t bytes = pread(fd, head, sizeof head, 0);
  int error;
  if (bytes < 0) {
    error = -errno;
  } else if (bytes >= 2 && memcmp(head, "#!", 2) == 0) {
    head[bytes < SCRIPT_LINE ? bytes : SCRIPT_LINE - 1] = 0;
    close(fd);
    return run_script(path, head, argv, envp, depth);
  } else {
    error = run_elf(fd, path, head, (size_t)bytes, (uint64_t)status.st_size, argv, envp);
  }
  close(fd);
  return error;
}

int execve(const char *path, char *const argv[], char *const envp[]) {
  return (int)result(run(path, argv, envp, 0));
}
