// Programs as pagers: what their clients see.
#include <errno.h>
#include <quire/memory_object.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/cases.h"
#include "tests/providers/provider.h"

#define BOUND 500u
#define SHORT 50u

CASE(Provider, PagesComeFromItAndGoBackToIt) {
  struct provider provider;
  CHECK(provider_start(&provider, GOOD, BOUND));
  for (size_t i = 0; i < PAGES; i++) CHECK_EQ(provider.map[i * PAGE + 5], i + 1);
  for (size_t i = 0; i < PAGES; i += 2) provider.map[i * PAGE] = 200;
  CHECK_EQ(msync((void *)provider.map, PAGES * PAGE, MS_SYNC), 0);
  CHECK_EQ(msync((void *)provider.map, PAGES * PAGE, MS_SYNC), 0);
  for (size_t i = 0; i < PAGES; i++) CHECK_EQ(provider.map[i * PAGE], i % 2 ? i + 1 : 200);
  provider_end(&provider);
}

CASE(Provider, ReadAndWriteSeeTheSamePages) {
  struct provider provider;
  unsigned char byte;
  CHECK(provider_start(&provider, GOOD, BOUND));
  CHECK_EQ(pread(provider.fd, &byte, 1, 9 * PAGE), 1);
  CHECK_EQ(byte, 10);
  byte = 77;
  CHECK_EQ(pwrite(provider.fd, &byte, 1, 9 * PAGE + 1), 1);
  CHECK_EQ(provider.map[9 * PAGE + 1], 77);
  CHECK_EQ(fsync(provider.fd), 0);
  provider_end(&provider);
}

CASE(Provider, SlowOneIsWaitedFor) {
  struct provider provider;
  CHECK(provider_start(&provider, SLOW, 5000));
  for (size_t i = 0; i < 3; i++) CHECK_EQ(provider.map[7 * i * PAGE], 7 * i + 1);
  provider_end(&provider);
}

CASE(Provider, SilentOneIsWaitedForUpToTheBound) {
  struct provider provider;
  char byte;
  CHECK(provider_start(&provider, SILENT, SHORT));
  CHECK_EQ(provider_signal_of(provider.map, false), SIGBUS);
  CHECK_EQ(provider_signal_of(provider.map + PAGE, true), SIGBUS);
  CHECK_EQ(pread(provider.fd, &byte, 1, 0), -1);
  CHECK_EQ(errno, EIO);
  provider_end(&provider);
}

CASE(Provider, ErrorsAreSigbusAndEio) {
  struct provider provider;
  char byte;
  CHECK(provider_start(&provider, FAILING, BOUND));
  CHECK_EQ(provider_signal_of(provider.map, false), SIGBUS);
  CHECK_EQ(pread(provider.fd, &byte, 1, 0), -1);
  CHECK_EQ(errno, EIO);
  provider_end(&provider);
}

CASE(Provider, DeadOnesGiveSigbus) {
  const enum behaviour deaths[] = {DIES_AT_START, DIES_ASKED};
  for (size_t i = 0; i < 2; i++) {
    struct provider provider;
    CHECK(provider_start(&provider, deaths[i], BOUND));
    CHECK_EQ(provider_signal_of(provider.map, false), SIGBUS);
    CHECK_EQ(provider_signal_of(provider.map + PAGE, true), SIGBUS);
    int status = provider_end(&provider);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 7);
  }
}

CASE(Provider, DeathWhileStoringIsEio) {
  struct provider provider;
  CHECK(provider_start(&provider, DIES_STORING, BOUND));
  provider.map[0] = 9;
  CHECK_EQ(msync((void *)provider.map, PAGE, MS_SYNC), -1);
  CHECK_EQ(errno, EIO);
  CHECK_EQ(provider_signal_of(provider.map, false), SIGBUS);
  provider_end(&provider);
}

CASE(Provider, LiarsHarmTheirClientsAlone) {
  struct provider liar, good;
  CHECK(provider_start(&good, GOOD, BOUND));
  CHECK(provider_start(&liar, LIES_ABOUT_TAG, BOUND));
  CHECK_EQ(provider_signal_of(liar.map, false), SIGBUS);
  CHECK_EQ(good.map[5 * PAGE], 6);
  provider_end(&liar);
  CHECK(provider_start(&liar, LIES_TWICE, BOUND));
  CHECK_EQ(liar.map[3 * PAGE], 4);
  CHECK_EQ(liar.map[4 * PAGE], 5);
  CHECK_EQ(good.map[6 * PAGE], 7);
  provider_end(&liar);
  provider_end(&good);
}

CASE(Provider, DetachedObjectIsSigbus) {
  struct provider provider;
  CHECK(provider_start(&provider, DETACHES, BOUND));
  CHECK_EQ(provider_signal_of(provider.map, false), SIGBUS);
  provider_end(&provider);
}

CASE(Provider, WhoTouchesItsOwnObjectIsItsOwnVictim) {
  struct provider provider;
  CHECK(provider_start(&provider, TOUCHES_ITSELF, SHORT));
  int status;
  CHECK_EQ(waitpid(provider.pid, &status, 0), provider.pid);
  CHECK(WIFSIGNALED(status));
  CHECK_EQ(WTERMSIG(status), SIGBUS);
  provider_end(&provider);
}

CASE(Provider, BadCallsAreRefused) {
  struct memory_request request = {0};
  uint64_t object;
  CHECK_EQ(memory_object_create("bad", PAGE, 0, &object), -1);
  CHECK_EQ(errno, EINVAL);
  CHECK_EQ(memory_object_create("bad", -1, 10, &object), -1);
  CHECK_EQ(errno, EINVAL);
  CHECK_EQ(memory_object_poll(&request), -1);
  CHECK_EQ(errno, EAGAIN);
  request.tag = 5;
  CHECK_EQ(memory_object_poll(&request), -1);
  CHECK_EQ(errno, EINVAL);
  CHECK_EQ(memory_object_invalidate(123, 0, 1), -1);
  CHECK_EQ(errno, ENOENT);
  CHECK_EQ(memory_object_detach(123), -1);
  CHECK_EQ(errno, ENOENT);
}

CASE(Provider, OneProcessPollsAndServesItsChild) {
  struct memory_request request = {0};
  uint64_t object;
  int status;
  int fd = memory_object_create(NULL, 4 * PAGE, 5000, &object);
  CHECK(fd >= 0);
  pid_t child = fork();
  if (child == 0) {
    volatile char *map = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    _exit(map[2 * PAGE]);
  }
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (memory_object_poll(&request) != 0) continue;
    CHECK_EQ(request.object, object);
    CHECK_EQ(request.op, MEMORY_PAGE_IN);
    *(char *)request.data = (char)(request.page + 40);
  }
  CHECK(WIFEXITED(status));
  CHECK_EQ(WEXITSTATUS(status), 42);
  close(fd);
}
