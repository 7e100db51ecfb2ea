// exec: programs take over, or an error leaves everything as it was.
#include <limits.h>

#include "tests/behaviour/support.h"

extern char **environ;

struct command {
  const char *path;
  char *const *argv;
  char *const *envp;  // NULL: environ
  char output[512];   // filled by run
};

// Runs a command in a child with its output to a pipe. Returns the wait status.
static int run(struct command *command) {
  int fds[2], status = -1;
  if (pipe(fds)) return -1;
  pid_t child = fork();
  if (child == 0) {
    dup2(fds[1], STDOUT_FILENO);
    close(fds[0]);
    close(fds[1]);
    execve(command->path, command->argv, command->envp ? command->envp : environ);
    _exit(errno);
  }
  close(fds[1]);
  size_t length = 0;
  for (ssize_t bytes;
       (bytes = read(fds[0], command->output + length, sizeof command->output - 1 - length)) > 0;) {
    length += (size_t)bytes;
  }
  command->output[length] = 0;
  close(fds[0]);
  return waitpid(child, &status, 0) == child ? status : -1;
}

// Writes a file with these bytes and mode. Its path.
static const char *write_program(const char *name, const void *bytes, size_t length, mode_t mode) {
  const char *path = scratch(name);
  int fd = open(path, O_CREAT | O_WRONLY, mode);
  if (fd < 0 || write(fd, bytes, length) != (ssize_t)length) {
    case_failed(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
  }
  close(fd);
  return path;
}

CASE(Exec, PassesArguments) {
  char *argv[] = {"echo", "one", "", "three four", NULL};
  struct command command = {.path = "/bin/echo", .argv = argv};
  CHECK_EQ(run(&command), 0);
  CHECK_EQ(strcmp(command.output, "one  three four\n"), 0);
}

CASE(Exec, PassesTheEnvironment) {
  char *argv[] = {"sh", "-c", "echo $NAME $OTHER", NULL};
  char *envp[] = {"NAME=value", "OTHER=", "PATH=/bin", NULL};
  struct command command = {.path = "/bin/sh", .argv = argv, .envp = envp};
  CHECK_EQ(run(&command), 0);
  CHECK_EQ(strcmp(command.output, "value\n"), 0);
}

CASE(Exec, ReturnsStatus) {
  char *argv[] = {"sh", "-c", "exit 42", NULL};
  struct command command = {.path = "/bin/sh", .argv = argv};
  CHECK_EQ(WEXITSTATUS(run(&command)), 42);
}

CASE(Exec, KeepsProcessAndDescriptors) {
  char number[16];
  char *argv[] = {"sh", "-c", "echo $$; echo kept >&9", NULL};
  int fds[2], status;
  CHECK_EQ(pipe(fds), 0);
  pid_t child = fork();
  if (child == 0) {
    dup2(fds[1], STDOUT_FILENO);
    dup2(fds[1], 9);
    execv("/bin/sh", argv);
    _exit(1);
  }
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  char text[64] = {0};
  CHECK(read(fds[0], text, sizeof text - 1) > 0);
  snprintf(number, sizeof number, "%d\n", (int)child);
  CHECK_EQ(strncmp(text, number, strlen(number)), 0);
  close(fds[0]);
  close(fds[1]);
}

CASE(Exec, ClosesWhatIsMarked) {
  char *argv[] = {"sh", "-c", "echo x >&9", NULL};
  int fd = open("/dev/null", O_WRONLY), status;
  CHECK(fd >= 0);
  pid_t child = fork();
  if (child == 0) {
    int null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO);
    dup2(fd, 9);
    fcntl(9, F_SETFD, FD_CLOEXEC);
    execv("/bin/sh", argv);
    _exit(100);
  }
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 100);
  close(fd);
}

CASE(Exec, FailsWithoutHarm) {
  char *argv[] = {"x", NULL};
  char *memory = anonymous(2);
  CHECK(memory);
  memory[0] = 5;
  int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  CHECK(fd >= 0);
  CHECK_ERRNO(execv("/nowhere", argv), ENOENT);
  CHECK_ERRNO(execv("", argv), ENOENT);
  CHECK_ERRNO(execv("/", argv), EACCES);
  CHECK_ERRNO(execv("/dev/null", argv), EACCES);
  CHECK_ERRNO(execv("/bin/echo/x", argv), ENOTDIR);
  CHECK_ERRNO(execv(write_program("exec_mode", "#!/bin/sh\n", 10, 0644), argv), EACCES);
  CHECK_EQ(memory[0], 5);
  CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  close(fd);
  munmap(memory, 2 * PAGE);
  scratch("exec_mode");
}

CASE(Exec, RefusesWhatIsNoProgram) {
  char *argv[] = {"x", NULL};
  char head[256] = "\177ELF\2\1\1";
  CHECK_ERRNO(execv(write_program("exec_empty", "", 0, 0755), argv), ENOEXEC);
  CHECK_ERRNO(execv(write_program("exec_text", "hello\n", 6, 0755), argv), ENOEXEC);
  CHECK_ERRNO(execv(write_program("exec_head", head, sizeof head, 0755), argv), ENOEXEC);
  CHECK_ERRNO(execv(write_program("exec_short", head, 20, 0755), argv), ENOEXEC);
  memset(head + 16, 0xff, sizeof head - 16);
  CHECK_ERRNO(execv(write_program("exec_wild", head, sizeof head, 0755), argv), ENOEXEC);
  scratch("exec_empty");
  scratch("exec_text");
  scratch("exec_head");
  scratch("exec_short");
  scratch("exec_wild");
}

CASE(Exec, RefusesTooMuch) {
  enum { BYTES = 64 << 20 };
  char *large = malloc(BYTES);
  CHECK(large);
  memset(large, 'x', BYTES);
  large[BYTES - 1] = 0;
  char *argv[] = {"echo", large, NULL};
  CHECK_ERRNO(execv("/bin/echo", argv), E2BIG);
  free(large);
}

CASE(Script, RunsByItsInterpreter) {
  const char text[] = "#!/bin/sh\necho script $1 $#\nexit 5\n";
  char *argv[] = {"x", "a", "b", NULL};
  struct command command = {.argv = argv};
  command.path = write_program("script", text, sizeof text - 1, 0755);
  int status = run(&command);
  CHECK_EQ(strcmp(command.output, "script a 2\n"), 0);
  CHECK_EQ(WEXITSTATUS(status), 5);
  scratch("script");
}

CASE(Script, PassesOneArgumentOfTheLine) {
  const char text[] = "#! /bin/echo  first line \n";
  char *argv[] = {"x", "more", NULL};
  struct command command = {.argv = argv};
  command.path = write_program("script_argument", text, sizeof text - 1, 0755);
  CHECK_EQ(run(&command), 0);
  CHECK_EQ(strncmp(command.output, "first line /", 12), 0);
  CHECK_EQ(strcmp(strrchr(command.output, '/'), "/script_argument more\n"), 0);
  scratch("script_argument");
}

CASE(Script, NeedsItsInterpreter) {
  char *argv[] = {"x", NULL};
  const char missing[] = "#!/nowhere/sh\n", directory[] = "#!/bin\n";
  CHECK_ERRNO(execv(write_program("script_missing", missing, sizeof missing - 1, 0755), argv),
              ENOENT);
  CHECK_ERRNO(execv(write_program("script_directory", directory, sizeof directory - 1, 0755), argv),
              EACCES);
  scratch("script_missing");
  scratch("script_directory");
}

CASE(Search, FindsPrograms) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    setenv("PATH", "/nowhere:/bin", 1);
    execlp("true", "true", (char *)NULL);
    _exit(errno);
  }
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  CHECK_EQ(execlp("no_such_program", "x", (char *)NULL), -1);
  CHECK_EQ(errno, ENOENT);
}

CASE(System, RunsALine) {
  CHECK_EQ(WEXITSTATUS(system("exit 3")), 3);
  CHECK_EQ(WEXITSTATUS(system("no_such_program_here 2>/dev/null")), 127);
  CHECK(system(NULL));
}

CASE(Popen, ReadsAndWrites) {
  char line[64];
  FILE *stream = popen("echo from a child", "r");
  CHECK(stream);
  CHECK(fgets(line, sizeof line, stream));
  CHECK_EQ(strcmp(line, "from a child\n"), 0);
  CHECK_EQ(pclose(stream), 0);
  stream = popen("read line; test \"$line\" = \"to a child\"", "w");
  CHECK(stream);
  fputs("to a child\n", stream);
  CHECK_EQ(pclose(stream), 0);
}
