// What processes see at random against a model of files, and what is on the disk afterwards against
// the same model and e2fsck.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "servers/fs/ext2/fixture.h"
#include "servers/fs/server_fixture.h"

namespace fs_test {
namespace {

using ext2_test::Fsck;
using ext2_test::MakeImage;

// A file as it must be.
struct ModelFile {
  std::string bytes;
};

struct ModelOpen {
  std::shared_ptr<ModelFile> file;
  uint64_t position = 0;
  bool append = false;
};

// A process that works in a directory of its own, and knows what must be there.
class Worker {
 public:
  Worker(World *w, Client *client, std::string home, std::mt19937 *random)
      : w_(w), c_(client), home_(std::move(home)), random_(random) {}

  bool idle() const { return !c_->waits; }

  // Checks the last answer and makes the next call.
  void Go() {
    ASSERT_TRUE(idle());
    if (check_) {
      auto check = std::move(check_);
      check_ = nullptr;
      if (!anything) {
        check(c_->answer.status);
      } else if (c_->answer.status >= 0 && opened_) {
        open_[Fd(c_->answer.status)].file = std::make_shared<ModelFile>();
      }
      opened_ = false;
    }
    if (!stopped_ && !check_) Next();
  }

  // Makes no further calls.
  void Stop() { stopped_ = true; }

  void CheckOnDisk(ext2_test::Mount *mount, const std::vector<uint8_t> &image) {
    for (auto &[name, file] : names_) {
      ext2_inode *inode = mount->Get(home_ + "/" + name);
      ASSERT_NE(inode, nullptr) << home_ << name;
      ASSERT_EQ(ext2_inode_size(inode), file->bytes.size()) << home_ << name;
      uint32_t unit = mount->block_size();
      for (uint64_t at = 0; at < file->bytes.size(); at += unit) {
        uint64_t block;
        uint32_t run;
        ASSERT_EQ(ext2_bmap(inode, at / unit, 1, &block, &run), 0);
        std::string want = file->bytes.substr(at, unit);
        std::string got(want.size(), 0);
        if (block != 0) memcpy(got.data(), image.data() + block * unit, want.size());
        ASSERT_TRUE(got == want) << home_ << "/" << name << " differs at " << at;
      }
      ext2_iput(inode);
    }
  }

  bool mapped_stores = true;
  bool lenient = false;   // transfers fail, so that what a file holds is not certain
  bool anything = false;  // what there is is not known either

 private:
  uint32_t Random(uint32_t n) { return (*random_)() % n; }
  std::string Name() { return std::string(1, static_cast<char>('a' + Random(6))); }
  uint64_t Size() { return Random(4) == 0 ? Random(100000) : Random(9000); }

  void Start(std::vector<uint64_t> words, std::function<void(int64_t)> check) {
    check_ = std::move(check);
    w_->Send(c_, std::move(words));
  }

  void StartPath(fs_op op, const std::string &name, std::function<void(int64_t)> check,
                 uint64_t a = 0, uint64_t b = 0) {
    c_->PutPath(home_ + "/" + name);
    Start({op, a, b}, std::move(check));
  }

  void Next() {
    switch (Random(open_.empty() ? 5 : 16)) {
      case 0:
      case 1:
        return StartOpen();
      case 2:
        return StartUnlink();
      case 3:
        return StartRename();
      case 4:
        return StartTruncate();
      case 5:
        return StartClose();
      case 6:
      case 7:
      case 8:
      case 9:
        return StartWrite();
      case 10:
      case 11:
      case 12:
        return StartRead();
      case 13:
        return StartFtruncate();
      case 14:
        return Random(3) == 0 ? StartFsync() : Store();
      default:
        return StartStat();
    }
  }

  std::map<uint64_t, ModelOpen>::iterator AnyOpen() {
    return std::next(open_.begin(), Random(static_cast<uint32_t>(open_.size())));
  }

  void StartOpen() {
    std::string name = Name();
    bool append = Random(4) == 0, truncate = Random(5) == 0, create = Random(4) != 0;
    int flags =
        O_RDWR | (append ? O_APPEND : 0) | (truncate ? O_TRUNC : 0) | (create ? O_CREAT : 0);
    auto check = [=](int64_t status) {
      auto found = names_.find(name);
      if (status == -EMFILE || status == -ENOSPC || (lenient && status < 0)) return;
      if (found == names_.end() && !create) {
        ASSERT_EQ(status, -ENOENT);
        return;
      }
      ASSERT_GE(status, 0);
      if (found == names_.end()) found = names_.emplace(name, std::make_shared<ModelFile>()).first;
      if (truncate) found->second->bytes.clear();
      open_[Fd(status)] = {found->second, 0, append};
    };
    opened_ = true;
    StartPath(FS_OPEN, name, check, static_cast<uint64_t>(flags), 0644);
  }

  void StartClose() {
    uint64_t fd = AnyOpen()->first;
    Start({FS_CLOSE, fd}, [=](int64_t status) {
      ASSERT_EQ(status, 0);
      open_.erase(fd);
    });
  }

  void StartUnlink() {
    std::string name = Name();
    StartPath(FS_UNLINK, name, [=](int64_t status) {
      if (lenient && status == -EIO) return;
      ASSERT_EQ(status, names_.count(name) != 0 ? 0 : -ENOENT);
      names_.erase(name);
    });
  }

  void StartRename() {
    std::string from = Name(), to = Name();
    bool links = Random(2) == 0;
    c_->PutPath(home_ + "/" + from);
    c_->PutPath(home_ + "/" + to, FS_SECOND_PATH);
    Start({uint64_t(links ? FS_LINK : FS_RENAME)}, [=](int64_t status) {
      if (status == -ENOSPC || (lenient && status == -EIO)) return;
      auto found = names_.find(from);
      if (found == names_.end()) {
        ASSERT_EQ(status, -ENOENT);
      } else if (links && names_.count(to) != 0) {
        ASSERT_EQ(status, -EEXIST);
      } else {
        ASSERT_EQ(status, 0);
        auto file = found->second;
        if (!links && from != to && names_[to] != file) names_.erase(from);
        names_[to] = file;
      }
    });
  }

  void Resized(const std::shared_ptr<ModelFile> &file, uint64_t size, int64_t status) {
    if (status == -ENOSPC && size > file->bytes.size()) return;
    if (lenient && status < 0) return;
    ASSERT_EQ(status, 0);
    file->bytes.resize(size);
  }

  void StartTruncate() {
    std::string name = Name();
    uint64_t size = Size();
    auto check = [=](int64_t status) {
      auto found = names_.find(name);
      if (found == names_.end()) {
        ASSERT_TRUE(status == -ENOENT || lenient);
      } else {
        Resized(found->second, size, status);
      }
    };
    StartPath(FS_TRUNCATE, name, check, size);
  }

  void StartFtruncate() {
    auto [fd, open] = *AnyOpen();
    uint64_t size = Size();
    auto file = open.file;
    Start({FS_FTRUNCATE, fd, size}, [=](int64_t status) { Resized(file, size, status); });
  }

  void StartWrite() {
    auto [fd, open] = *AnyOpen();
    bool positioned = Random(2) == 0;
    bool bad = Random(20) == 0;
    uint64_t offset = positioned ? Size() : FS_AT_POSITION;
    uint64_t length = 1 + Random(Random(4) == 0 ? 60000 : 3000);
    for (uint64_t i = 0; i < length; i++) c_->memory[i] = static_cast<uint8_t>(1 + Random(255));
    std::string bytes(reinterpret_cast<char *>(c_->memory.data()), length);
    uint64_t number = fd;
    Start({FS_WRITE, fd, bad ? 5 : kMemory, length, offset}, [=](int64_t status) {
      ModelOpen &model = open_[number];
      std::string &content = model.file->bytes;
      uint64_t at = model.append ? content.size() : positioned ? offset : model.position;
      if (status == -EFAULT && bad) {
        if (lenient) AfterFault(number, positioned);
        return;
      }
      if (status == -ENOSPC || (lenient && status < 0)) return;
      ASSERT_GT(status, 0);
      if (content.size() < at + status) content.resize(at + status);
      content.replace(at, status, bytes.substr(0, status));
      if (!positioned) model.position = at + status;
    });
  }

  // When the disk fails, the file may keep what it has grown by, or have lost what it was to lose.
  void AfterFault(uint64_t fd, bool positioned) {
    Start({FS_FSTAT, fd}, [=](int64_t status) {
      if (lenient && status < 0) return;
      ASSERT_EQ(status, 0);
      fs_stat stat;
      memcpy(&stat, c_->page.data(), sizeof(stat));
      open_[fd].file->bytes.resize(stat.size);
      if (positioned) return;
      Start({FS_SEEK, fd, 0, SEEK_CUR}, [=](int64_t position) {
        ASSERT_GE(position, 0);
        open_[fd].position = position;
      });
    });
  }

  void StartRead() {
    auto [fd, open] = *AnyOpen();
    bool positioned = Random(2) == 0;
    uint64_t offset = positioned ? Size() : FS_AT_POSITION;
    uint64_t length = Random(Random(4) == 0 ? 60000 : 3000);
    uint64_t number = fd;
    Start({FS_READ, fd, kMemory, length, offset}, [=](int64_t status) {
      ModelOpen &model = open_[number];
      const std::string &content = model.file->bytes;
      uint64_t at = positioned ? offset : model.position;
      if (lenient) {
        if (status > 0 && !positioned) model.position = at + status;
        return;
      }
      std::string want = at < content.size() ? content.substr(at, length) : "";
      ASSERT_EQ(status, static_cast<int64_t>(want.size()));
      std::string got(reinterpret_cast<char *>(c_->memory.data()), want.size());
      for (size_t i = 0; i < want.size(); i++) {
        ASSERT_EQ(got[i], want[i])
            << home_ << " fd " << number << " at " << at + i << " of " << content.size();
      }
      if (!positioned) model.position = at + status;
    });
  }

  void StartFsync() {
    uint64_t fd = AnyOpen()->first;
    Start({FS_FSYNC, fd}, [=](int64_t status) { ASSERT_TRUE(status == 0 || lenient); });
  }

  void Store() {
    auto [fd, open] = *AnyOpen();
    std::string &content = open.file->bytes;
    if (content.empty() || !mapped_stores) return Next();
    uint64_t at = (*random_)() % content.size();
    char byte = static_cast<char>(1 + Random(255));
    if (w_->MappedStore(c_, fd, at, static_cast<uint8_t>(byte))) content[at] = byte;
    // The others went on meanwhile, this one did not.
    StartStat();
  }

  void StartStat() {
    auto [fd, open] = *AnyOpen();
    uint64_t number = fd;
    Start({FS_FSTAT, fd}, [=](int64_t status) {
      if (lenient) return;
      ASSERT_EQ(status, 0);
      fs_stat stat;
      memcpy(&stat, c_->page.data(), sizeof(stat));
      const auto &file = open_[number].file;
      ASSERT_EQ(stat.size, file->bytes.size());
      uint64_t links = 0;
      for (auto &[name, other] : names_) links += other == file;
      ASSERT_EQ(stat.nlink, links);
    });
  }

  World *w_;
  Client *c_;
  std::string home_;
  std::mt19937 *random_;
  std::map<std::string, std::shared_ptr<ModelFile>> names_;
  std::map<uint64_t, ModelOpen> open_;
  std::function<void(int64_t)> check_;
  bool stopped_ = false;
  bool opened_ = false;
};

struct RandomRun {
  std::string options;
  unsigned mebibytes;
  int steps;
  unsigned seed;
};

void RunWorkers(const RandomRun &run) {
  SCOPED_TRACE("seed " + std::to_string(run.seed));
  World w(MakeImage(run.options, run.mebibytes), run.seed);
  w.Boot();
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < 4; i++) {
    std::string home = "/" + std::to_string(i);
    ASSERT_EQ(OnPath(&w, w.init(), FS_MKDIR, home, 0755), 0);
    workers.push_back(std::make_unique<Worker>(&w, w.NewClient(w.init()), home, &w.random()));
  }
  for (int step = 0; step < run.steps && !::testing::Test::HasFailure(); step++) {
    Worker &worker = *workers[w.random()() % workers.size()];
    if (worker.idle()) worker.Go();
    for (unsigned i = w.random()() % 8; i > 0; i--) w.Step();
  }
  for (auto &worker : workers) {
    worker->Stop();
    while (!worker->idle() && !::testing::Test::HasFailure()) w.Step();
    worker->Go();
    while (!worker->idle() && !::testing::Test::HasFailure()) w.Step();
    worker->Go();
  }
  if (::testing::Test::HasFailure()) return;
  EXPECT_EQ(Unmount(&w, w.init()), 0);
  EXPECT_EQ(w.page_out_errors, 0u);
  EXPECT_EQ(w.page_in_errors, 0u);
  EXPECT_EQ(Fsck(w.image()), "");
  ext2_test::Disk disk(w.image());
  ext2_test::Mount mount(&disk);
  for (auto &worker : workers) worker->CheckOnDisk(&mount, w.image());
}

// As many errors and ends as possible: nothing to compare, but nobody hangs, and the server lives.
struct Chaos {
  bool fails;
  bool ends;
};

void RunChaos(const Chaos &chaos, std::vector<uint8_t> image, unsigned seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  World w(std::move(image), seed);
  w.Boot();
  std::vector<Client *> clients;
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < 4; i++) {
    std::string home = "/" + std::to_string(i);
    OnPath(&w, w.init(), FS_MKDIR, home, 0755);
    clients.push_back(w.NewClient(w.init()));
    workers.push_back(std::make_unique<Worker>(&w, clients.back(), home, &w.random()));
    workers.back()->lenient = true;
    workers.back()->mapped_stores = false;
  }
  w.fail_transfers = chaos.fails;
  for (int step = 0; step < 4000 && !::testing::Test::HasFailure(); step++) {
    size_t i = w.random()() % workers.size();
    if (chaos.ends && w.random()() % 20 == 0) {
      w.Exit(clients[i]);
      std::string home = "/" + std::to_string(i);
      workers[i] = std::make_unique<Worker>(&w, clients[i], home, &w.random());
      workers[i]->lenient = true;
      workers[i]->mapped_stores = false;
      workers[i]->anything = true;
    }
    if (workers[i]->idle()) workers[i]->Go();
    for (unsigned n = w.random()() % 8; n > 0; n--) w.Step();
  }
  w.fail_transfers = false;
  for (Client *client : clients) {
    for (int idle = 0; client->waits && idle < 1000;) idle = w.Step() ? 0 : idle + 1;
    EXPECT_FALSE(client->waits) << "a caller hangs";
    w.Exit(client);
  }
  Unmount(&w, w.init());
  if (!chaos.fails && chaos.ends) {
    EXPECT_EQ(Fsck(w.image()), "");
  }
}

TEST(ServerChaos, TransfersFail) {
  for (unsigned seed = 1; seed <= 3; seed++) {
    InChild([=] { RunChaos({true, false}, MakeImage("-b 1024", 2), seed); });
  }
}

TEST(ServerChaos, ProcessesEndAnywhere) {
  for (unsigned seed = 1; seed <= 5; seed++) {
    InChild([=] { RunChaos({false, true}, MakeImage("-b 1024", 2), seed); });
  }
}

TEST(ServerChaos, DiskIsDamaged) {
  for (unsigned seed = 1; seed <= 10; seed++) {
    InChild([=] {
      std::vector<uint8_t> image = MakeImage("-b 1024", 2);
      std::mt19937 random(seed);
      for (int i = 0; i < 100; i++)
        image[2048 + random() % 300000] = static_cast<uint8_t>(random());
      RunChaos({false, false}, image, seed);
    });
  }
}

class ServerRandom : public ::testing::TestWithParam<RandomRun> {};

TEST_P(ServerRandom, EqualsTheModel) {
  for (unsigned seed = GetParam().seed; seed < GetParam().seed + 3 && !HasFailure(); seed++) {
    InChild([&] {
      RandomRun run = GetParam();
      run.seed = seed;
      RunWorkers(run);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(All, ServerRandom,
                         ::testing::Values(RandomRun{"-b 1024", 4, 3000, 1},
                                           RandomRun{"-b 4096", 8, 3000, 11},
                                           RandomRun{"-b 2048", 6, 3000, 21},
                                           RandomRun{"-b 1024", 1, 3000, 31}));  // often full

}  // namespace
}  // namespace fs_test
