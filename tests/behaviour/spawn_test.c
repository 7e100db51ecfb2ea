// posix_spawn: programs start beside their parent, or an error leaves nothing behind.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1  // posix_spawn_file_actions_addchdir_np
#endif
#include <limits.h>
#include <spawn.h>

#include "tests/behaviour/support.h"

extern char **environ;

#define TEXT_MAX 512

// What a program writes to its standard output, and how it ends.
struct outcome {
  int error;  // of posix_spawn
  int status;
  char text[TEXT_MAX];
};

static void collect(int fd, char *text) {
  size_t length = 0;
  for (ssize_t bytes; (bytes = read(fd, text + length, TEXT_MAX - 1 - length)) > 0;) {
    length += (size_t)bytes;
  }
  text[length] = 0;
}

// Spawns with standard output as a pipe. `actions` may have some already, and is destroyed.
static struct outcome spawn(char *const argv[], posix_spawn_file_actions_t *actions,
                            const posix_spawnattr_t *attributes) {
  struct outcome outcome = {.error = -1, .status = -1};
  int fds[2];
  pid_t pid = -1;
  if (pipe(fds) || fcntl(fds[0], F_SETFD, FD_CLOEXEC) ||
      posix_spawn_file_actions_adddup2(actions, fds[1], STDOUT_FILENO) ||
      posix_spawn_file_actions_addclose(actions, fds[1])) {
    case_failed(__FILE__, __LINE__, "no pipe for the child: %s", strerror(errno));
    return outcome;
  }
  outcome.error = posix_spawn(&pid, argv[0], actions, attributes, argv, environ);
  posix_spawn_file_actions_destroy(actions);
  close(fds[1]);
  if (outcome.error == 0) {
    collect(fds[0], outcome.text);
    if (waitpid(pid, &outcome.status, 0) != pid) outcome.status = -1;
  }
  close(fds[0]);
  return outcome;
}

static struct outcome shell(const char *command, posix_spawn_file_actions_t *actions,
                            const posix_spawnattr_t *attributes) {
  char *argv[] = {"/bin/sh", "-c", (char *)command, NULL};
  return spawn(argv, actions, attributes);
}

static posix_spawn_file_actions_t no_actions(void) {
  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions)) abort();
  return actions;
}

static const char *write_program(const char *name, const void *bytes, size_t length, mode_t mode) {
  const char *path = scratch(name);
  int fd = open(path, O_CREAT | O_WRONLY, mode);
  if (fd < 0 || write(fd, bytes, length) != (ssize_t)length) {
    case_failed(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
  }
  close(fd);
  return path;
}

CASE(Spawn, PassesArgumentsAndEnvironment) {
  posix_spawn_file_actions_t actions = no_actions();
  CHECK_EQ(setenv("SPAWN_NAME", "its value", 1), 0);
  char *argv[] = {"/bin/sh", "-c", "echo \"$SPAWN_NAME\" \"$1\" \"$2\"; exit 42", "sh", "one two",
                  "",        NULL};
  struct outcome outcome = spawn(argv, &actions, NULL);
  CHECK_EQ(outcome.error, 0);
  CHECK_EQ(WEXITSTATUS(outcome.status), 42);
  CHECK_EQ(strcmp(outcome.text, "its value one two \n"), 0);
}

// A block of arguments of each size around those where it moves elsewhere.
CASE(Spawn, PassesArgumentsOfAnyLength) {
  static char argument[20001];
  static const unsigned lengths[] = {1, 2300, 2400, 2500, 2600, 4000, 4096, 8192, 20000};
  memset(argument, 'x', sizeof argument - 1);
  for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    char expected[32];
    char *argv[] = {
        "/bin/sh", "-c", "echo \"$1\" | wc -c", "sh", argument + sizeof argument - 1 - lengths[i],
        NULL};
    posix_spawn_file_actions_t actions = no_actions();
    struct outcome outcome = spawn(argv, &actions, NULL);
    snprintf(expected, sizeof expected, "%u", lengths[i] + 1);
    CHECK_EQ(outcome.error, 0);
    CHECK(strstr(outcome.text, expected));
  }
}

CASE(Spawn, GivesNewProcessAndThePid) {
  posix_spawn_file_actions_t actions = no_actions();
  char own[16];
  snprintf(own, sizeof own, "%d\n", (int)getpid());
  struct outcome outcome = shell("echo $$", &actions, NULL);
  CHECK_EQ(outcome.error, 0);
  CHECK(strcmp(outcome.text, own) != 0);
  CHECK_EQ(outcome.status, 0);
}

CASE(Spawn, PidIsNotNeeded) {
  char *argv[] = {"true", NULL};
  CHECK_EQ(posix_spawn(NULL, "/bin/true", NULL, NULL, argv, environ), 0);
  int status = -1;
  CHECK(wait(&status) > 0);
  CHECK_EQ(status, 0);
}

CASE(Spawn, LeavesMemoryOfTheParentAlone) {
  static int value = 1;
  posix_spawn_file_actions_t actions = no_actions();
  int *heap = malloc(sizeof *heap);
  *heap = 2;
  CHECK_EQ(shell("exit 3", &actions, NULL).error, 0);
  CHECK_EQ(value, 1);
  CHECK_EQ(*heap, 2);
  free(heap);
}

// --- descriptors ---

CASE(Spawn, InheritsDescriptorsButCloseOnExec) {
  posix_spawn_file_actions_t actions = no_actions();
  int kept = open("/dev/null", O_RDONLY), closed = open("/dev/null", O_RDONLY | O_CLOEXEC);
  char command[128];
  snprintf(command, sizeof command,
           "(: <&%d) 2>/dev/null && echo kept; (: <&%d) 2>/dev/null || echo closed", kept, closed);
  CHECK(kept < 10 && closed < 10);
  CHECK_EQ(strcmp(shell(command, &actions, NULL).text, "kept\nclosed\n"), 0);
  close(kept);
  close(closed);
}

CASE(Spawn, OpensFiles) {
  char path[256];
  posix_spawn_file_actions_t actions = no_actions();
  snprintf(path, sizeof path, "%s", write_program("in.txt", "content\n", 8, 0644));
  CHECK_EQ(posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, path, O_RDONLY, 0), 0);
  path[0] = 0;  // the name has been copied
  struct outcome outcome = shell("cat", &actions, NULL);
  CHECK_EQ(outcome.error, 0);
  CHECK_EQ(strcmp(outcome.text, "content\n"), 0);
}

CASE(Spawn, CreatesFiles) {
  char path[256], text[16] = "";
  posix_spawn_file_actions_t actions = no_actions();
  snprintf(path, sizeof path, "%s", scratch("out.txt"));
  CHECK_EQ(posix_spawn_file_actions_addopen(&actions, 7, path, O_WRONLY | O_CREAT | O_EXCL, 0640),
           0);
  CHECK_EQ(shell("echo new >&7", &actions, NULL).status, 0);
  int fd = open(path, O_RDONLY);
  struct stat status;
  CHECK_EQ(fstat(fd, &status), 0);
  CHECK_EQ(status.st_mode & 0777, 0640);
  CHECK_EQ(read(fd, text, sizeof text - 1), 4);
  CHECK_EQ(strcmp(text, "new\n"), 0);
  close(fd);
}

// Actions work one after the other on what those before have made.
CASE(Spawn, ActionsAreInOrder) {
  posix_spawn_file_actions_t actions = no_actions();
  CHECK_EQ(posix_spawn_file_actions_addopen(&actions, 5, "/dev/null", O_RDONLY, 0), 0);
  CHECK_EQ(posix_spawn_file_actions_adddup2(&actions, 5, 6), 0);
  CHECK_EQ(posix_spawn_file_actions_addclose(&actions, 5), 0);
  CHECK_EQ(posix_spawn_file_actions_adddup2(&actions, 6, 7), 0);
  CHECK_EQ(posix_spawn_file_actions_addclose(&actions, 6), 0);
  struct outcome outcome =
      shell("for n in 5 6 7; do (: <&$n) 2>/dev/null && echo $n; done", &actions, NULL);
  CHECK_EQ(strcmp(outcome.text, "7\n"), 0);
}

CASE(Spawn, Dup2OnItselfStaysOpen) {
  posix_spawn_file_actions_t actions = no_actions();
  int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  char command[64];
  snprintf(command, sizeof command, "(: <&%d) 2>/dev/null && echo open", fd);
  CHECK_EQ(posix_spawn_file_actions_adddup2(&actions, fd, fd), 0);
  CHECK_EQ(strcmp(shell(command, &actions, NULL).text, "open\n"), 0);
  CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  close(fd);
}

CASE(Spawn, ClosingWhatIsNotOpenIsNoError) {
  posix_spawn_file_actions_t actions = no_actions();
  CHECK_EQ(posix_spawn_file_actions_addclose(&actions, 33), 0);
  CHECK_EQ(shell("exit 0", &actions, NULL).status, 0);
}

CASE(Spawn, Dup2OfWhatIsNotOpenFails) {
  posix_spawn_file_actions_t actions = no_actions();
  CHECK_EQ(posix_spawn_file_actions_adddup2(&actions, 33, 3), 0);
  CHECK_EQ(shell("exit 0", &actions, NULL).error, EBADF);
  actions = no_actions();
  CHECK_EQ(posix_spawn_file_actions_addclose(&actions, STDIN_FILENO), 0);
  CHECK_EQ(posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, 3), 0);
  CHECK_EQ(shell("exit 0", &actions, NULL).error, EBADF);
}

CASE(Spawn, ActionsRefuseBadDescriptors) {
  posix_spawn_file_actions_t actions = no_actions();
  CHECK_EQ(posix_spawn_file_actions_addclose(&actions, -1), EBADF);
  CHECK_EQ(posix_spawn_file_actions_adddup2(&actions, -1, 3), EBADF);
  CHECK_EQ(posix_spawn_file_actions_adddup2(&actions, 3, -1), EBADF);
  CHECK_EQ(posix_spawn_file_actions_addopen(&actions, -1, "/dev/null", O_RDONLY, 0), EBADF);
  posix_spawn_file_actions_destroy(&actions);
}

CASE(Spawn, OpeningWhatIsNotThereFails) {
  posix_spawn_file_actions_t actions = no_actions();
  CHECK_EQ(posix_spawn_file_actions_addopen(&actions, 3, "/no/such/file", O_RDONLY, 0), 0);
  CHECK_EQ(shell("exit 0", &actions, NULL).error, ENOENT);
}

// --- attributes ---

static posix_spawnattr_t attributes_with(short flags) {
  posix_spawnattr_t attributes;
  if (posix_spawnattr_init(&attributes) || posix_spawnattr_setflags(&attributes, flags)) abort();
  return attributes;
}

// Reads two numbers from the child: its pid and its group cannot be had from the shell, so a group
// is looked at from outside, by waiting for it.
CASE(Spawn, MakesAGroup) {
  posix_spawnattr_t attributes = attributes_with(POSIX_SPAWN_SETPGROUP);
  char *argv[] = {"true", NULL};
  pid_t pid = -1;
  int status;
  CHECK_EQ(posix_spawnattr_setpgroup(&attributes, 0), 0);
  CHECK_EQ(posix_spawn(&pid, "/bin/true", NULL, &attributes, argv, environ), 0);
  CHECK_EQ(waitpid(-pid, &status, 0), pid);
  CHECK_EQ(status, 0);
  posix_spawnattr_destroy(&attributes);
}

CASE(Spawn, JoinsAGroup) {
  posix_spawnattr_t attributes = attributes_with(POSIX_SPAWN_SETPGROUP);
  char *sleeper[] = {"sleep", "100", NULL}, *argv[] = {"true", NULL};
  pid_t leader = -1, member = -1;
  int status;
  CHECK_EQ(posix_spawn(&leader, "/bin/sleep", NULL, &attributes, sleeper, environ), 0);
  CHECK_EQ(posix_spawnattr_setpgroup(&attributes, leader), 0);
  CHECK_EQ(posix_spawn(&member, "/bin/true", NULL, &attributes, argv, environ), 0);
  CHECK_EQ(waitpid(-leader, &status, 0), member);
  CHECK_EQ(kill(-leader, SIGTERM), 0);
  CHECK_EQ(waitpid(-leader, &status, 0), leader);
  CHECK(killed_by(status, SIGTERM));
  posix_spawnattr_destroy(&attributes);
}

CASE(Spawn, RefusesAGroupThatIsNotThere) {
  posix_spawnattr_t attributes = attributes_with(POSIX_SPAWN_SETPGROUP);
  char *argv[] = {"true", NULL};
  CHECK_EQ(posix_spawnattr_setpgroup(&attributes, 32000), 0);
  CHECK_EQ(posix_spawn(NULL, "/bin/true", NULL, &attributes, argv, environ), EPERM);
  CHECK_ERRNO(wait(NULL), ECHILD);
  posix_spawnattr_destroy(&attributes);
}

CASE(Spawn, WithoutTheFlagTheGroupIsTheParents) {
  posix_spawnattr_t attributes = attributes_with(0);
  char *argv[] = {"true", NULL};
  pid_t pid = -1;
  CHECK_EQ(posix_spawnattr_setpgroup(&attributes, 0), 0);
  CHECK_EQ(posix_spawn(&pid, "/bin/true", NULL, &attributes, argv, environ), 0);
  CHECK_EQ(waitpid(-getpgrp(), NULL, 0), pid);
  posix_spawnattr_destroy(&attributes);
}

CASE(Spawn, AttributesKeepWhatTheyAreTold) {
  posix_spawnattr_t attributes = attributes_with(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  short flags = 0;
  pid_t group = 0;
  sigset_t set, got;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  CHECK_EQ(posix_spawnattr_getflags(&attributes, &flags), 0);
  CHECK_EQ(flags, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  CHECK_EQ(posix_spawnattr_setpgroup(&attributes, 17), 0);
  CHECK_EQ(posix_spawnattr_getpgroup(&attributes, &group), 0);
  CHECK_EQ(group, 17);
  CHECK_EQ(posix_spawnattr_setsigmask(&attributes, &set), 0);
  CHECK_EQ(posix_spawnattr_getsigmask(&attributes, &got), 0);
  CHECK_EQ(sigismember(&got, SIGUSR1), 1);
  CHECK_EQ(sigismember(&got, SIGUSR2), 0);
  CHECK_EQ(posix_spawnattr_setsigdefault(&attributes, &set), 0);
  CHECK_EQ(posix_spawnattr_getsigdefault(&attributes, &got), 0);
  CHECK_EQ(sigismember(&got, SIGUSR1), 1);
  CHECK_EQ(posix_spawnattr_setflags(&attributes, 0x4000), EINVAL);
  posix_spawnattr_destroy(&attributes);
}

// A shell that sends itself SIGTERM: "survived", unless it ends it.
static struct outcome spawn_and_terminate(const posix_spawnattr_t *attributes) {
  posix_spawn_file_actions_t actions = no_actions();
  return shell("kill -TERM $$; echo survived", &actions, attributes);
}

static void on_signal(int signal) { (void)signal; }

CASE(Spawn, HandlersBecomeDefaults) {
  CHECK(signal(SIGTERM, on_signal) != SIG_ERR);
  struct outcome outcome = spawn_and_terminate(NULL);
  signal(SIGTERM, SIG_DFL);
  CHECK(killed_by(outcome.status, SIGTERM));
  CHECK_EQ(strcmp(outcome.text, ""), 0);
}

CASE(Spawn, IgnoredSignalsStaySo) {
  CHECK(signal(SIGTERM, SIG_IGN) != SIG_ERR);
  struct outcome outcome = spawn_and_terminate(NULL);
  posix_spawnattr_t attributes = attributes_with(POSIX_SPAWN_SETSIGDEF);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  posix_spawnattr_setsigdefault(&attributes, &set);
  struct outcome defaulted = spawn_and_terminate(&attributes);
  posix_spawnattr_destroy(&attributes);
  signal(SIGTERM, SIG_DFL);
  CHECK_EQ(strcmp(outcome.text, "survived\n"), 0);
  CHECK(killed_by(defaulted.status, SIGTERM));
}

CASE(Spawn, TheMaskIsInheritedOrSet) {
  sigset_t set, old;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  CHECK_EQ(sigprocmask(SIG_BLOCK, &set, &old), 0);
  struct outcome inherited = spawn_and_terminate(NULL);
  posix_spawnattr_t attributes = attributes_with(POSIX_SPAWN_SETSIGMASK);
  struct outcome emptied = spawn_and_terminate(&attributes);
  CHECK_EQ(sigprocmask(SIG_SETMASK, &old, NULL), 0);
  posix_spawnattr_setsigmask(&attributes, &set);
  struct outcome blocked = spawn_and_terminate(&attributes);
  posix_spawnattr_destroy(&attributes);
  CHECK_EQ(strcmp(inherited.text, "survived\n"), 0);
  CHECK(killed_by(emptied.status, SIGTERM));
  CHECK_EQ(strcmp(blocked.text, "survived\n"), 0);
}

// --- programs that cannot be run ---

// The error of a program of this name; -1 if there is a child all the same.
static int refused(const char *path, char *const argv[]) {
  pid_t pid = 12345;
  int error = posix_spawn(&pid, path, NULL, NULL, argv, environ);
  return wait(NULL) < 0 && errno == ECHILD ? error : -1;
}

CASE(Spawn, RefusesWhatIsNoProgram) {
  char *argv[] = {"x", NULL};
  CHECK_EQ(refused("/no/such/file", argv), ENOENT);
  CHECK_EQ(refused("", argv), ENOENT);
  CHECK_EQ(refused("/bin/true/x", argv), ENOTDIR);
  CHECK_EQ(refused("/bin", argv), EACCES);
  CHECK_EQ(refused(write_program("plain", "not a program", 13, 0755), argv), ENOEXEC);
  CHECK_EQ(refused(write_program("empty", "", 0, 0755), argv), ENOEXEC);
  CHECK_EQ(refused(write_program("rights", "#!/bin/sh\n", 10, 0644), argv), EACCES);
  CHECK_EQ(refused(write_program("cut", "\177ELF\2\1\1", 7, 0755), argv), ENOEXEC);
}

CASE(Spawn, RefusesTooManyArguments) {
  enum { STRINGS = 1024, BYTES = 16384 };
  static char *argv[STRINGS + 1];
  char *text = malloc(BYTES + 1);
  memset(text, 'a', BYTES);
  text[BYTES] = 0;
  for (int i = 0; i < STRINGS; i++) argv[i] = text;
  CHECK_EQ(refused("/bin/true", argv), E2BIG);
  free(text);
}

CASE(Spawn, RunsScripts) {
  static const char script[] = "#!/bin/sh\necho script $1\n";
  char path[256];
  snprintf(path, sizeof path, "%s", write_program("script", script, sizeof script - 1, 0755));
  char *argv[] = {path, "word", NULL};
  posix_spawn_file_actions_t actions = no_actions();
  CHECK_EQ(strcmp(spawn(argv, &actions, NULL).text, "script word\n"), 0);
}

CASE(Spawn, SearchesThePath) {
  char *argv[] = {"true", NULL}, old[1024];
  pid_t pid = -1;
  int status = -1;
  snprintf(old, sizeof old, "%s", getenv("PATH") ? getenv("PATH") : "/bin");
  CHECK_EQ(setenv("PATH", "/no/such/directory:/bin", 1), 0);
  CHECK_EQ(posix_spawnp(&pid, "true", NULL, NULL, argv, environ), 0);
  CHECK_EQ(waitpid(pid, &status, 0), pid);
  CHECK_EQ(status, 0);
  CHECK_EQ(posix_spawnp(&pid, "no-such-program", NULL, NULL, argv, environ), ENOENT);
  CHECK_EQ(posix_spawnp(&pid, "/bin/true", NULL, NULL, argv, environ), 0);
  CHECK_EQ(waitpid(pid, &status, 0), pid);
  CHECK_EQ(setenv("PATH", old, 1), 0);
}

static void spawn_without_descriptors(void *unused) {
  (void)unused;
  char *argv[] = {"true", NULL};
  posix_spawn_file_actions_t actions;
  CHILD_CHECK(posix_spawn_file_actions_init(&actions) == 0);
  CHILD_CHECK(posix_spawn_file_actions_addopen(&actions, 3, "/dev/null", O_RDONLY, 0) == 0);
  while (dup(STDIN_FILENO) >= 0) {
  }
  CHILD_CHECK(errno == EMFILE);
  CHILD_CHECK(close(3) == 0 && dup(STDIN_FILENO) == 3);
  int error = posix_spawn(NULL, "/bin/true", &actions, NULL, argv, environ);
#ifdef __linux__
  CHILD_CHECK(error == 0);  // the child itself opens, and 3 is closed for that
#else
  CHILD_CHECK(error == EMFILE);
#endif
}

CASE(Spawn, WithoutFreeDescriptors) { CHECK_EQ(in_child(spawn_without_descriptors, NULL), 0); }

CASE(Spawn, ChangesTheDirectory) {
  char directory[256], expected[300];
  snprintf(directory, sizeof directory, "%s", scratch("spawn_directory"));
  CHECK_EQ(mkdir(directory, 0755), 0);
  posix_spawn_file_actions_t actions = no_actions();
  CHECK_EQ(posix_spawn_file_actions_addchdir_np(&actions, directory), 0);
  CHECK_EQ(posix_spawn_file_actions_addopen(&actions, 5, "made", O_WRONLY | O_CREAT, 0644), 0);
  struct outcome outcome = shell("pwd -P 2>/dev/null || pwd", &actions, NULL);
  CHECK_EQ(outcome.error, 0);
  CHECK(strstr(outcome.text, "spawn_directory"));
  snprintf(expected, sizeof expected, "%s/made", directory);
  CHECK_EQ(unlink(expected), 0);
  actions = no_actions();
  CHECK_EQ(posix_spawn_file_actions_addchdir_np(&actions, "/no/such/directory"), 0);
  CHECK_EQ(shell("pwd", &actions, NULL).error, ENOENT);
  actions = no_actions();
  CHECK_EQ(posix_spawn_file_actions_addchdir_np(&actions, "/bin/sh"), 0);
  CHECK_EQ(shell("pwd", &actions, NULL).error, ENOTDIR);
  CHECK_EQ(rmdir(directory), 0);
}

// --- as what other functions use ---

CASE(Spawn, SystemAndPopen) {
  char line[32] = "";
  CHECK_EQ(WEXITSTATUS(system("exit 9")), 9);
  FILE *stream = popen("echo from a pipe", "r");
  CHECK(stream && fgets(line, sizeof line, stream));
  CHECK_EQ(strcmp(line, "from a pipe\n"), 0);
  CHECK_EQ(pclose(stream), 0);
  stream = popen("read word; exit $word", "w");
  CHECK(stream && fputs("33\n", stream) >= 0);
  CHECK_EQ(WEXITSTATUS(pclose(stream)), 33);
}

// SIGINT is the command's, not its caller's; dispositions are as before afterwards.
CASE(Spawn, SystemHoldsSignals) {
  char command[64];
  CHECK(signal(SIGCHLD, on_signal) != SIG_ERR);
  snprintf(command, sizeof command, "kill -INT %d; exit 5", (int)getpid());
  CHECK_EQ(WEXITSTATUS(system(command)), 5);
  CHECK(killed_by(system("kill -INT $$"), SIGINT));
  CHECK(signal(SIGINT, SIG_IGN) == SIG_DFL);
  CHECK_EQ(WEXITSTATUS(system("kill -INT $$; exit 6")), 6);
  CHECK(signal(SIGINT, SIG_DFL) == SIG_IGN);
  CHECK(signal(SIGCHLD, SIG_DFL) == on_signal);
}

CASE(Spawn, ManyOneAfterTheOther) {
  char *argv[] = {"true", NULL};
  for (int i = 0; i < 300; i++) {
    pid_t pid = -1;
    int status = -1;
    CHECK_EQ(posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ), 0);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
  }
}

CASE(Spawn, ManyAtOnce) {
  enum { CHILDREN = 40 };
  char *argv[] = {"sh", "-c", "exit 5", NULL};
  pid_t pid[CHILDREN];
  for (int i = 0; i < CHILDREN; i++) {
    CHECK_EQ(posix_spawn(&pid[i], "/bin/sh", NULL, NULL, argv, environ), 0);
  }
  for (int i = 0; i < CHILDREN; i++) {
    int status = -1;
    CHECK_EQ(waitpid(pid[i], &status, 0), pid[i]);
    CHECK_EQ(WEXITSTATUS(status), 5);
  }
}
