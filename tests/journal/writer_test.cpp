// What is written beside the loop, and who hears of it.
#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "journal/writer.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace mw::journal;
using namespace std::chrono_literals;

namespace {

struct WrittenAside {
  test::TemporaryFolder folder;
  std::atomic<int> told{0};
  std::unique_ptr<Writer> writer;

  WrittenAside() {
    auto file = std::make_unique<JournalFile>(folder.path("run.mwj"));
    const auto run = file->begin_run({.program = "p"});
    writer = std::make_unique<Writer>(std::move(file), run, Writer::Terms{.delay = 0ms, .written = [this] { ++told; }});
  }
  std::uint64_t finish_task(std::uint64_t id) { return writer->finished(id, 1, {}, {}, {}, nullptr); }
};

}  // namespace

TEST_CASE("who waits for an entry that is on the disk already hears of it, too", "[journal]") {
  WrittenAside written;
  const auto entry = written.finish_task(1);
  REQUIRE(test::eventually([&] { return written.writer->durable() >= entry; }));
  written.writer->wait_for(entry);
  CHECK(test::eventually([&] { return written.told > 0; }, 2s));
}

TEST_CASE("entries that are awaited are told of while others come, without a pause", "[journal]") {
  WrittenAside written;
  const auto end = std::chrono::steady_clock::now() + 10s;
  std::uint64_t id = 0;
  while (written.told < 5 && std::chrono::steady_clock::now() < end) written.writer->wait_for(written.finish_task(++id));
  CHECK(written.told >= 5);
}

TEST_CASE("a function whose number is in the journal already keeps nothing from being written", "[journal]") {
  WrittenAside written;
  for (int i = 0; i < 2; ++i) {
    written.writer->add_function(1, "f(int)");
    const auto entry = written.finish_task(1);
    CHECK(test::eventually([&] { return written.writer->durable() >= entry; }, 5s));
  }
  CHECK(written.writer->finish().empty());
}
