// Descriptors of a worker's memory that its master reads: kept as long as they are needed, and not longer.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "agent/lent_blocks.hpp"
#include "memory/shared_block.hpp"
#include "process/place.hpp"
#include "process/shortage.hpp"

using namespace mw;

namespace {

Bytes block(char with) {
  Bytes bytes;
  std::memset(bytes.extend(200'000), with, 200'000);
  REQUIRE(bytes.block());
  bytes.block()->set_lent(true);
  return bytes;
}
process::UniqueFd copy_of(const Bytes& bytes) { return process::UniqueFd{::fcntl(bytes.block()->fd(), F_DUPFD_CLOEXEC, 3)}; }

}  // namespace

TEST_CASE("a block that is lent is found under this process's number, with what is in it", "[agent][memory]") {
  const Bytes bytes = block('b');
  agent::LentBlocks lent;
  const wire::MemoryPlace place = lent.keep(copy_of(bytes), bytes.size());
  CHECK(place.pid == static_cast<std::uint32_t>(::getpid()));
  CHECK(place.inode == bytes.block()->inode());
  CHECK(place.size == bytes.size());
  const Bytes seen = memory::receive_block(process::open_descriptor({place.pid, place.descriptor, place.inode}), place.size);
  CHECK(std::memcmp(seen.data(), bytes.data(), bytes.size()) == 0);
}

TEST_CASE("a block that comes again takes no second descriptor, and all go with their keeper", "[agent][memory]") {
  const Bytes bytes = block('b');
  const std::size_t before = process::descriptors().open;
  {
    agent::LentBlocks lent;
    const auto first = lent.keep(copy_of(bytes), bytes.size()).descriptor;
    for (int i = 0; i < 20; ++i) CHECK(lent.keep(copy_of(bytes), bytes.size()).descriptor == first);
    CHECK(process::descriptors().open == before + 1);
  }
  CHECK(process::descriptors().open == before);
}

TEST_CASE("what the master has read is given up when there are many, what it still reads is not", "[agent][memory]") {
  const Bytes read_still = block('r');
  const std::size_t before = process::descriptors().open;
  agent::LentBlocks lent;
  const wire::MemoryPlace place = lent.keep(copy_of(read_still), read_still.size());
  for (int i = 0; i < 200; ++i) {
    const int file = ::memfd_create("returned", MFD_CLOEXEC);  // its flag is 0: nobody has it
    REQUIRE(::ftruncate(file, 4'096) == 0);
    static_cast<void>(lent.keep(process::UniqueFd{file}, 1'000));
  }
  CHECK(process::descriptors().open <= before + 65);
  CHECK(process::inode_of(static_cast<int>(place.descriptor)) == read_still.block()->inode());
}
