extern "C" {
#include "servers/proc/last_words.h"

#include "abi/event.h"
#include "protocols/proc.h"
#include "servers/proc/signal_action.h"
}

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <string>

namespace {

std::string Fault(int signal, uint64_t access, uint64_t reason) {
  char text[LAST_WORDS_MAX];
  size_t count = last_words_of_fault(text, "wild", 12, signal, 0xdeadbeef, 0x10234, access, reason);
  return std::string(text, count);
}

std::string Exception(uint64_t scause) {
  char text[LAST_WORDS_MAX];
  size_t count = last_words_of_exception(text, "wild", 12, scause, 0x123, 0x10234);
  return std::string(text, count);
}

TEST(LastWords, OfMemory) {
  char text[LAST_WORDS_MAX];
  EXPECT_EQ(std::string(text, last_words_of_memory(text, "wild", 12, 65536)),
            "wild[12]: killed: out of memory, largest program with 65536 KiB\n");
}

TEST(LastWords, OfFaults) {
  EXPECT_EQ(Fault(SIGSEGV, FAULT_WRITE, FAULT_UNMAPPED),
            "wild[12]: segmentation fault at 0xdeadbeef, pc 0x10234, write to unmapped memory\n");
  EXPECT_EQ(Fault(SIGSEGV, FAULT_READ | FAULT_PRESENT, FAULT_PROTECTED),
            "wild[12]: segmentation fault at 0xdeadbeef, pc 0x10234, read from protected memory\n");
  EXPECT_EQ(Fault(SIGSEGV, FAULT_EXECUTE, FAULT_STACK),
            "wild[12]: segmentation fault at 0xdeadbeef, pc 0x10234, execution of memory below the "
            "stack limit\n");
  EXPECT_EQ(Fault(SIGBUS, FAULT_READ, FAULT_BEYOND_END),
            "wild[12]: bus error at 0xdeadbeef, pc 0x10234, read from memory behind the end of a "
            "mapped file\n");
  EXPECT_EQ(Fault(SIGBUS, FAULT_READ, FAULT_IO_ERROR),
            "wild[12]: bus error at 0xdeadbeef, pc 0x10234, read from a page that could not be "
            "read\n");
  EXPECT_EQ(Fault(SIGKILL, FAULT_WRITE, FAULT_NO_MEMORY), "wild[12]: killed: out of memory\n");
}

TEST(LastWords, OfExceptions) {
  EXPECT_EQ(Exception(2), "wild[12]: illegal instruction 0x123, pc 0x10234\n");
  EXPECT_EQ(Exception(3), "wild[12]: breakpoint trap, pc 0x10234\n");
  EXPECT_EQ(Exception(4), "wild[12]: bus error at 0x123, pc 0x10234, misaligned read\n");
  EXPECT_EQ(Exception(7), "wild[12]: bus error at 0x123, pc 0x10234, write failed\n");
  EXPECT_EQ(Exception(24), "wild[12]: killed: exception 24 at 0x123, pc 0x10234\n");
}

TEST(LastWords, OfAnythingFit) {
  char text[LAST_WORDS_MAX];
  char name[32];
  memset(name, 'n', 31);
  name[31] = 0;
  for (uint64_t number = 0; number < 70; number++) {
    EXPECT_LE(last_words_of_exception(text, name, ~0u, number, ~0ul, ~0ul), LAST_WORDS_MAX);
    EXPECT_LE(last_words_of_fault(text, name, ~0u, SIGSEGV, ~0ul, ~0ul, number, number),
              LAST_WORDS_MAX);
  }
  EXPECT_LE(last_words_of_exception(text, name, ~0u, ~0ul, ~0ul, ~0ul), LAST_WORDS_MAX);
}

TEST(SignalAction, Defaults) {
  for (int signal : {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL,
                     SIGSEGV, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2, SIGSYS, 40, 64}) {
    EXPECT_EQ(signal_default(signal), SIGNAL_ENDS) << signal;
  }
  for (int signal : {SIGCHLD, SIGCONT, SIGURG, SIGWINCH, SIGTSTP, SIGTTIN, SIGTTOU}) {
    EXPECT_EQ(signal_default(signal), SIGNAL_IGNORED) << signal;
  }
  for (int signal : {0, SIGSTOP, 65, -1}) {
    EXPECT_EQ(signal_default(static_cast<uint64_t>(signal)), SIGNAL_INVALID) << signal;
  }
  EXPECT_EQ(signal_default(1ull << 32 | SIGTERM), SIGNAL_INVALID);
}

TEST(SignalAction, OfExceptions) {
  auto is = [](uint64_t scause, uint32_t signal, int code) {
    struct exception_signal what = signal_of_exception(scause);
    return what.signal == signal && (what.code == code || signal == SIGKILL);
  };
  EXPECT_TRUE(is(0, SIGBUS, BUS_ADRALN));
  EXPECT_TRUE(is(1, SIGBUS, BUS_ADRERR));
  EXPECT_TRUE(is(2, SIGILL, ILL_ILLOPC));
  EXPECT_TRUE(is(3, SIGTRAP, TRAP_BRKPT));
  EXPECT_TRUE(is(6, SIGBUS, BUS_ADRALN));
  EXPECT_TRUE(is(10, SIGKILL, 0));
  EXPECT_TRUE(is(~0ull, SIGKILL, 0));
}

TEST(SignalAction, StatusesAreThoseOfSysWait) {
  EXPECT_TRUE(WIFEXITED(status_exited(7)));
  EXPECT_EQ(WEXITSTATUS(status_exited(7)), 7);
  EXPECT_EQ(WEXITSTATUS(status_exited(0x1ff)), 255);
  EXPECT_TRUE(WIFSIGNALED(status_signaled(SIGSEGV)));
  EXPECT_EQ(WTERMSIG(status_signaled(SIGSEGV)), SIGSEGV);
}

}  // namespace
