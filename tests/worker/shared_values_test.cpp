// The shared values of a worker process: opened once, checked, and given up when they are told to be.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

#include "memory/shared_block.hpp"
#include "memory/shared_file.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"
#include "worker/shared_values.hpp"

using namespace mw;
using Catch::Contains;
using memory::SharedFile;

namespace {

std::shared_ptr<SharedFile> value_of(std::string_view text) { return SharedFile::make(std::as_bytes(std::span{text})); }
std::string text_of(const detail::SharedValue& value) {
  return {reinterpret_cast<const char*>(value.bytes().data()), value.bytes().size()};
}
bool is_mapped() { return test::file_text("/proc/self/maps").find("shared value") != std::string::npos; }

}  // namespace

TEST_CASE("a value is opened with the first task that takes it, and kept until it is forgotten", "[worker][share]") {
  worker::SharedValues values;
  auto made = value_of("the table");
  const std::vector<SharedInput> inputs{made->input(), made->input()};
  const auto list = values.find(inputs);
  CHECK(text_of(*list.at(0)) == "the table");
  CHECK(list.at(0) == list.at(1));
  made.reset();
  CHECK(values.find(inputs).at(0) == list.at(0));  // it is not opened again
  values.forget(inputs[0].number);
  values.forget(inputs[0].number);
  CHECK_THROWS_AS(values.find(inputs), InterfaceError);
  CHECK(text_of(*list.at(0)) == "the table");  // whoever has it keeps it
}

TEST_CASE("what is not the value that a task was to get is refused, and says so", "[worker][share]") {
  worker::SharedValues values;
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("short")} << "12345";
  const auto made = value_of("the table");
  SharedInput other = made->input();
  ++other.inode;
  CHECK_THROWS_WITH(values.find({other}), Contains("is not the file that it was"));
  CHECK_THROWS_WITH(values.find({{.number = 7, .size = 6, .from = folder.path("short")}}), Contains("has 5 bytes instead of 6"));
  CHECK_THROWS_WITH(values.find({{.number = 7, .size = 6, .from = folder.path("none")}}), Contains("none cannot be opened"));
  CHECK_THROWS_AS(values.find({{.number = 7, .size = 0, .from = folder.path("")}}), InterfaceError);
  CHECK(text_of(*values.find({{.number = 7, .size = 4, .from = folder.path("short")}}).at(0)) == "1234");
  try {
    values.find({other});
  } catch (const InterfaceError& e) {
    CHECK(worker::shared_values_failed(e).cause == Cause::interface_error);
    CHECK_THAT(worker::shared_values_failed(e).message, Contains("shared value"));
  }
}

TEST_CASE("nobody can change a shared value", "[memory][share]") {
  const auto made = value_of("the table");
  const int fd = ::open(made->input().from.c_str(), O_RDWR | O_CLOEXEC);
  if (fd >= 0) {
    CHECK(::pwrite(fd, "x", 1, 0) < 0);
    CHECK(::ftruncate(fd, 0) != 0);
    ::close(fd);
  }
  CHECK(text_of(*made) == "the table");
}

TEST_CASE("what is mapped of a shared value goes with it", "[memory][share]") {
  auto made = value_of(std::string(100'000, 'x'));
  CHECK_FALSE(is_mapped());
  CHECK(made->bytes().size() == 100'000);
  CHECK(is_mapped());
  made.reset();
  CHECK_FALSE(is_mapped());
}

#ifndef __SANITIZE_ADDRESS__  // UndefinedBehaviorSanitizer looks at memory through a pipe, for which there is no descriptor then
TEST_CASE("where no descriptor is free, sharing and opening say so", "[memory][share]") {
  const auto made = value_of("the table");
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{0, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  std::string shared, opened;
  try {
    static_cast<void>(value_of("more"));
  } catch (const InterfaceError& e) {
    shared = e.what();
  }
  try {
    static_cast<void>(SharedFile::open(made->input()));
  } catch (const memory::NoRoomError& e) {
    opened = e.what();
  }
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK_THAT(shared, Contains("cannot be shared") && Contains("ulimit -n"));
  CHECK_THAT(opened, Contains("ulimit -n"));
}
#endif
