// Large payloads in memory that two processes share: here, both sides are played by one.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <set>
#include <vector>

#include "memory/shared_block.hpp"
#include "support/forked.hpp"

using namespace mw;
using namespace mw::memory;

namespace {

constexpr std::size_t mib = 1 << 20;

process::UniqueFd copy_of(int fd) { return process::UniqueFd{::fcntl(fd, F_DUPFD_CLOEXEC, 3)}; }

Bytes filled(std::size_t size, char with) {
  Bytes bytes;
  std::memset(bytes.extend(size), with, size);
  return bytes;
}

int memory_file(std::size_t size, unsigned seals) {
  const int fd = ::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  REQUIRE(::ftruncate(fd, static_cast<off_t>(size)) == 0);
  if (seals) REQUIRE(::fcntl(fd, F_ADD_SEALS, seals) == 0);
  return fd;
}

}  // namespace

TEST_CASE("large bytes lie in shared memory, small ones do not", "[memory]") {
  CHECK(filled(mib, 'x').block() != nullptr);
  CHECK(filled(1000, 'x').block() == nullptr);
  CHECK(filled(10, 'x').block() == nullptr);
}

TEST_CASE("bytes that grow into shared memory, and in it, keep what they hold", "[memory]") {
  Bytes bytes;
  for (std::size_t i = 0; i < 3'000'000; ++i) {
    const char c = static_cast<char>(i % 251);
    bytes.append(&c, 1);
  }
  REQUIRE(bytes.size() == 3'000'000);
  bool same = true;
  for (std::size_t i = 0; i < bytes.size(); ++i) same = same && bytes.data()[i] == static_cast<std::byte>(i % 251);
  CHECK(same);
  const Bytes moved = std::move(bytes);
  CHECK(moved.block() != nullptr);
  CHECK(moved.size() == 3'000'000);
  CHECK(moved.clone().span()[2'999'999] == moved.span()[2'999'999]);
}

TEST_CASE("the other side sees the bytes, and frees the block for its maker", "[memory]") {
  // In a process that has no blocks yet: another one of that size would be taken first.
  CHECK(test::exit_status_of([] {
          SharedBlock* block = nullptr;
          {
            const Bytes bytes = filled(2 * mib, 'y');
            block = bytes.block();
            if (!block) return 1;
            block->set_lent(true);
            const Bytes received = receive_block(copy_of(block->fd()), bytes.size());
            if (received.size() != bytes.size()) return 2;
            if (std::memcmp(received.data(), bytes.data(), bytes.size()) != 0) return 3;
            if (!block->is_lent()) return 4;
          }
          // Its maker's bytes went, too, and the block waits: the next bytes of its size take it.
          return filled(2 * mib, 'z').block() == block ? 0 : 5;
        }) == 0);
}

TEST_CASE("a block that the other side still reads is not used again", "[memory]") {
  Bytes received;
  SharedBlock* lent = nullptr;
  {
    const Bytes bytes = filled(3 * mib, 'a');
    lent = bytes.block();
    lent->set_lent(true);
    received = receive_block(copy_of(lent->fd()), bytes.size());
  }
  const Bytes other = filled(3 * mib, 'b');
  CHECK(other.block() != lent);
  CHECK(received.span()[3 * mib - 1] == std::byte{'a'});
}

TEST_CASE("the number of blocks is bounded, and beyond it, bytes lie on the heap", "[memory]") {
  std::vector<Bytes> many;
  for (int i = 0; i < 400; ++i) many.push_back(filled(Bytes::shared_from, 'x'));
  CHECK(many.front().block() != nullptr);
  CHECK(many.back().block() == nullptr);
  CHECK(many.back().size() == Bytes::shared_from);
}

TEST_CASE("a descriptor that is no payload is refused", "[memory]") {
  CHECK_THROWS_AS(receive_block(process::UniqueFd{::open("/dev/null", O_RDWR)}, 1), InterfaceError);
  CHECK_THROWS_AS(receive_block(process::UniqueFd{}, 1), InterfaceError);
  // One that could be cut short while it is read.
  CHECK_THROWS_AS(receive_block(process::UniqueFd{memory_file(mib, 0)}, 1000), InterfaceError);
  // Shorter than it is said to be.
  CHECK_THROWS_AS(receive_block(process::UniqueFd{memory_file(1000, F_SEAL_SHRINK)}, 1000), InterfaceError);
  CHECK_THROWS_AS(receive_block(process::UniqueFd{memory_file(10, F_SEAL_SHRINK)}, 0), InterfaceError);
  CHECK_THROWS_AS(receive_block(process::UniqueFd{memory_file(1000, F_SEAL_SHRINK)}, SIZE_MAX), InterfaceError);
  CHECK(receive_block(process::UniqueFd{memory_file(1000, F_SEAL_SHRINK)}, 900).size() == 900);
}

TEST_CASE("a forked process takes no memory that its parent will use again, and gives none of its parent's back",
          "[memory][fork]") {
  Bytes ours = filled(2 * mib, 'b');
  static_cast<void>(filled(3 * mib, 'a'));  // so that there is some to be used again
  ours.block()->set_lent(true);
  const Bytes theirs = receive_block(copy_of(ours.block()->fd()), 2 * mib);
  CHECK(test::exit_status_of([&] {
          const Bytes own = filled(3 * mib, 'z');
          static_cast<void>(Bytes{std::move(const_cast<Bytes&>(theirs))});
          static_cast<void>(Bytes{std::move(ours)});
          return 0;
        }) == 0);
  CHECK(ours.block()->is_lent());  // the worker that has it still does
  Bytes again;
  const std::byte* const memory = again.extend(3 * mib);
  for (std::size_t i = 0; i < 3 * mib; i += 4096) REQUIRE(memory[i] == std::byte{'a'});
  ours.block()->set_lent(false);
}
