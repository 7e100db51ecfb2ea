// fork, exec, _exit, wait, and messages between programs.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/posix/operations.h"
#include "bench/posix/pages.h"

#define FORKS 51u
#define FORKS_LARGE 9u
#define ROUNDS 201u
#define MEDIUM 1024u
#define LARGE 16384u

extern char **environ;

const char *tiny_program;

static volatile char *area;
static int to_child[2], from_child[2];
static pid_t child;

static void map_medium(void) {
  area = pages_map(MEDIUM);
  pages_write(area, MEDIUM);
}

static void map_large(void) {
  area = pages_map(LARGE);
  pages_write(area, LARGE);
}

static void unmap_medium(void) { pages_unmap(area, MEDIUM); }
static void unmap_large(void) { pages_unmap(area, LARGE); }

static void wait_for(pid_t pid) {
  int status;
  must(pid > 0, "fork");
  must(waitpid(pid, &status, 0) == pid && status == 0, "waitpid");
}

static void fork_and_wait(unsigned number) {
  (void)number;
  pid_t pid = fork();
  if (pid == 0) _exit(0);
  wait_for(pid);
}

static void exec_and_wait(unsigned number) {
  (void)number;
  pid_t pid = fork();
  if (pid == 0) {
    execl(tiny_program, tiny_program, (char *)NULL);
    _exit(127);
  }
  wait_for(pid);
}

static void spawn_and_wait(unsigned number) {
  (void)number;
  char *argv[] = {(char *)tiny_program, NULL};
  pid_t pid = -1;
  must(posix_spawn(&pid, tiny_program, NULL, NULL, argv, environ) == 0, "posix_spawn");
  wait_for(pid);
}

static void echo(void) {
  char byte;
  close(to_child[1]);
  while (read(to_child[0], &byte, 1) == 1) {
    if (write(from_child[1], &byte, 1) != 1) break;
  }
  _exit(0);
}

static void start_echo(void) {
  must(pipe(to_child) == 0 && pipe(from_child) == 0, "pipe");
  child = fork();
  if (child == 0) echo();
  must(child > 0, "fork");
}

static void end_echo(void) {
  close(to_child[0]);
  close(to_child[1]);
  close(from_child[0]);
  close(from_child[1]);
  wait_for(child);
}

static void round_trip(unsigned number) {
  char byte = (char)number;
  must(write(to_child[1], &byte, 1) == 1, "write");
  must(read(from_child[0], &byte, 1) == 1 && byte == (char)number, "read");
}

const struct operation process_operations[] = {
    {.key = "fork_0", .runs = FORKS, .run = fork_and_wait},
    {.key = "fork_1024",
     .runs = FORKS,
     .setup = map_medium,
     .run = fork_and_wait,
     .teardown = unmap_medium},
    {.key = "fork_16384",
     .runs = FORKS_LARGE,
     .setup = map_large,
     .run = fork_and_wait,
     .teardown = unmap_large},
    {.key = "fork_exec", .runs = FORKS, .run = exec_and_wait},
    {.key = "spawn", .runs = FORKS, .run = spawn_and_wait},
    {.key = "spawn_16384",
     .runs = FORKS_LARGE,
     .setup = map_large,
     .run = spawn_and_wait,
     .teardown = unmap_large},
    {.key = "pipe_round_trip",
     .runs = ROUNDS,
     .setup = start_echo,
     .run = round_trip,
     .teardown = end_echo},
    {.key = NULL},
};
