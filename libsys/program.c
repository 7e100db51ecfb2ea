// The program file is opened, read and checked here; the argument block is built in the message
// page, or in anonymous memory if it is long; fs and pager check again and make the space.
#include "libsys/program.h"

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
#include "libsys/guarded.h"
#include "libsys/message.h"

#define HEAD_BYTES 1024     // of the file: ELF headers or "#!" line
#define SCRIPT_LINE 256     // longest "#!" line
#define SCRIPT_DEPTH_MAX 4  // scripts whose interpreter is a script

// What is to be run, and how.
struct launch {
  char *const *argv, *const *envp;
  enum proc_op op;
  const struct spawn_request *request;  // PROC_SPAWN
};

static int64_t run(const char *path, const struct launch *launch, int depth);

// Opens a file that may be executed. -1 and errno if it may not.
static int open_program(const char *path, struct stat *status) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a FIFO is none, and not waited for
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

// Fills in the message page, which the calls for all else need, too: last.
static void describe(const struct elf_image *image, const char *path, struct exec_image *exec) {
  memset(exec, 0, sizeof *exec);
  exec->entry = image->entry;
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

static int64_t measure_list(uint64_t launch_at, uint64_t size_at, uint64_t limit) {
  const struct launch *launch = (const struct launch *)(uintptr_t)launch_at;
  return argument_block_measure(launch->argv, launch->envp, limit,
                                (struct argument_block_size *)(uintptr_t)size_at);
}

// => 0, -E2BIG, -EFAULT
static int64_t measure(const struct launch *launch, struct argument_block_size *size) {
  return guarded(measure_list, (uintptr_t)launch, (uintptr_t)size, ARG_MAX);
}

static int64_t start(int fd, const struct elf_image *image, const char *path, uint64_t block,
                     size_t block_bytes, size_t arguments_bytes, const struct launch *launch) {
  struct exec_image *exec = message_page();
  describe(image, path, exec);
  exec->arguments = block;
  exec->arguments_bytes = block_bytes;
  exec->stack_pointer = STACK_TOP - arguments_bytes;
  if (launch->request) {
    memcpy((char *)message_page() + SPAWN_REQUEST, launch->request, sizeof *launch->request);
  }
  int64_t status;
  int tries = 0;
  do {
    status = call_proc(launch->op, (uint64_t)fd, 0).status;
  } while (memory_came(status, tries++));
  return status;
}

// With the argument block in memory of its own. If the call succeeds the pager takes it away.
static int64_t start_with_block(int fd, const struct elf_image *image, const char *path,
                                const struct argument_block_size *size,
                                const struct launch *launch) {
  size_t block_bytes = (size->bytes + PAGE_MASK) & ~PAGE_MASK;
  char *block = mmap(NULL, block_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) return -errno;
  argument_block_write(block + block_bytes - size->bytes, STACK_TOP - size->bytes, launch->argv,
                       launch->envp, size);
  int64_t status =
      start(fd, image, path, (uint64_t)(uintptr_t)block, block_bytes, size->bytes, launch);
  if (status < 0) munmap(block, block_bytes);
  return status;
}

// Runs an ELF file, of which `head` are the first bytes.
static int64_t run_elf(int fd, const char *path, const void *head, size_t head_bytes,
                       uint64_t file_bytes, const struct launch *launch) {
  struct elf_image image;
  if (elf_read(head, head_bytes, file_bytes, IMAGE_BASE, MMAP_BASE, &image) != ELF_OK) {
    return -ENOEXEC;
  }
  struct argument_block_size size;
  int64_t error = measure(launch, &size);
  if (error) return error;
  if (size.bytes > EXEC_INLINE_BYTES) return start_with_block(fd, &image, path, &size, launch);
  argument_block_write((char *)message_page() + EXEC_INLINE, STACK_TOP - size.bytes, launch->argv,
                       launch->envp, &size);
  return start(fd, &image, path, MESSAGE_PAGE + EXEC_INLINE, size.bytes, size.bytes, launch);
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
static int64_t run_script(const char *path, char *line, const struct launch *launch, int depth) {
  if (depth == SCRIPT_DEPTH_MAX) return -ELOOP;
  char *interpreter, *argument;
  if (!parse_script_line(line, &interpreter, &argument)) return -ENOEXEC;
  struct argument_block_size size;
  int64_t error = measure(launch, &size);
  if (error) return error;
  size_t count = size.arguments;
  char **list = malloc((count + 4) * sizeof *list);
  if (!list) return -ENOMEM;
  size_t used = 0;
  list[used++] = interpreter;
  if (argument) list[used++] = argument;
  list[used++] = (char *)path;
  for (size_t i = 1; i < count; ++i) list[used++] = launch->argv[i];
  list[used] = NULL;
  struct launch script = *launch;
  script.argv = list;
  int64_t status = run(interpreter, &script, depth + 1);
  free(list);
  return status;
}

static int64_t run(const char *path, const struct launch *launch, int depth) {
  struct stat file;
  int fd = open_program(path, &file);
  if (fd < 0) return -errno;
  _Alignas(8) char head[HEAD_BYTES];
  ssize_t bytes = pread(fd, head, sizeof head, 0);
  int64_t status;
  if (bytes < 0) {
    status = -errno;
  } else if (bytes >= 2 && memcmp(head, "#!", 2) == 0) {
    head[bytes < SCRIPT_LINE ? bytes : SCRIPT_LINE - 1] = 0;
    close(fd);
    return run_script(path, head, launch, depth);
  } else {
    status = run_elf(fd, path, head, (size_t)bytes, (uint64_t)file.st_size, launch);
  }
  close(fd);
  return status;
}

int64_t program_exec(const char *path, char *const argv[], char *const envp[]) {
  struct launch launch = {.argv = argv, .envp = envp, .op = PROC_EXEC};
  return run(path, &launch, 0);
}

int64_t program_spawn(const char *path, char *const argv[], char *const envp[],
                      const struct spawn_request *request) {
  struct launch launch = {.argv = argv, .envp = envp, .op = PROC_SPAWN, .request = request};
  return run(path, &launch, 0);
}

int execve(const char *path, char *const argv[], char *const envp[]) {
  return (int)result(program_exec(path, argv, envp));
}
