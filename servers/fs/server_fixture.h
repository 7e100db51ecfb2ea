// For tests of the whole server over a fake world: calls with paths and descriptors. Each test runs
// in a process of its own, since the server has one volume for its lifetime.
#ifndef SERVERS_FS_SERVER_FIXTURE_H_
#define SERVERS_FS_SERVER_FIXTURE_H_

#include <functional>
#include <string>
#include <vector>

#include "servers/fs/world_fake.h"

namespace fs_test {

// Runs `body` in a process of its own; its failures are the caller's.
void InChild(const std::function<void()> &body);
// The server on a new disk, made by mke2fs with `options`. Afterwards e2fsck has to like the disk.
void WithServer(const std::function<void(World *, Client *)> &body,
                const std::string &options = "-b 1024", unsigned mebibytes = 2);
// The server on a disk with the directories to mount on, and on one without.
void WithShm(const std::function<void(World *, Client *)> &body);
// => the status of the file system's end.
int64_t Unmount(World *w, Client *c);

// The descriptor in the answer of a call that opens.
int Fd(int64_t status);
int64_t OnPath(World *w, Client *c, fs_op op, const std::string &path, uint64_t a = 0,
               uint64_t b = 0);
int64_t OnPaths(World *w, Client *c, fs_op op, const std::string &path, const std::string &second);
int64_t Open(World *w, Client *c, const std::string &path, int flags);
int64_t Write(World *w, Client *c, uint64_t fd, const std::string &bytes,
              uint64_t offset = FS_AT_POSITION);
int64_t Read(World *w, Client *c, uint64_t fd, uint64_t length, std::string *bytes,
             uint64_t offset = FS_AT_POSITION);
// The names in a directory, sorted.
std::vector<std::string> List(World *w, Client *c, const std::string &path);
fs_stat Fstat(World *w, Client *c, uint64_t fd);

// A swap area without bad pages, as mkswap makes it.
std::vector<uint8_t> SwapImage(uint32_t pages);
// => a descriptor of a new file with such an area.
uint64_t MakeSwapFile(World *w, Client *c, const std::string &path, uint32_t pages);

}  // namespace fs_test

#endif  // SERVERS_FS_SERVER_FIXTURE_H_
