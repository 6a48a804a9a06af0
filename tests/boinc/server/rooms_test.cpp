// Rooms of the server by themselves: names, the thread beside the loop, those that wait for work, commits.
#include <catch2/catch.hpp>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "boinc/server/committer.hpp"
#include "boinc/server/names.hpp"
#include "boinc/server/side_thread.hpp"
#include "boinc/server/waiting_room.hpp"
#include "support/temporary.hpp"

using namespace mw::boinc;
namespace asio = boost::asio;

namespace {

const Names names{"pi", "0123456789abcdef0123456789abcdef"};

}  // namespace

TEST_CASE("a name stands for its numbers, and what was not named here stands for nothing", "[boinc][server]") {
  CHECK(names.find_instance(names.instance({17, 3}))->workunit == 17);
  CHECK(names.find_instance(names.instance({17, 3}))->number == 3);
  CHECK(names.find_input(names.input(17)) == 17);
  CHECK(names.find_output(names.output({17, 3}))->number == 3);
  const std::string md5(32, 'a');
  CHECK(names.find_data_file(names.data_file(5, md5)) == 5);
  const Names others{"pi", "1123456789abcdef0123456789abcdef"};
  CHECK_FALSE(names.find_instance(others.instance({17, 3})));
  CHECK_FALSE(names.find_output(others.output({17, 3})));
  for (const std::string& name : {names.output({17, 3}) + "x", names.output({17, 3}) + "/..", names.workunit(17) + "_-1",
                                  names.workunit(17) + "_99999999999999999999", names.input(17) + "x", std::string{},
                                  names.data_file(5, md5) + "a", names.data_file(5, "../../../../etc/passwd")}) {
    CAPTURE(name);
    CHECK_FALSE(names.find_instance(name));
    CHECK_FALSE(names.find_input(name));
    CHECK_FALSE(names.find_output(name));
    CHECK_FALSE(names.find_data_file(name));
  }
}

TEST_CASE("what takes long is done in its order, and what follows from it on the loop", "[boinc][server]") {
  asio::io_context io;
  auto guard = asio::make_work_guard(io);
  SideThread side{io};
  std::vector<int> order;
  std::atomic<int> beside = 0;
  const auto loop = std::this_thread::get_id();
  for (int i = 0; i < 3; ++i)
    side.run([&, loop](const std::stop_token&) { beside += std::this_thread::get_id() != loop; },
             [&, i] {
               CHECK(std::this_thread::get_id() == loop);
               order.push_back(i);
               if (i == 2) guard.reset();
             });
  io.run();
  CHECK(order == std::vector<int>{0, 1, 2});
  CHECK(beside == 3);
}

TEST_CASE("when the thread beside the loop is stopped, its job hears of it, and nothing follows", "[boinc][server]") {
  asio::io_context io;
  std::atomic<bool> has_begun = false, has_heard = false;
  int followed = 0;
  {
    SideThread side{io};
    side.run(
        [&](const std::stop_token& stop) {
          has_begun = true;
          while (!stop.stop_requested()) std::this_thread::yield();
          has_heard = true;
        },
        [&] { ++followed; });
    side.run([&](const std::stop_token&) {}, [&] { ++followed; });
    while (!has_begun) std::this_thread::yield();
    side.stop();
  }
  io.run();
  CHECK(has_heard);
  CHECK(followed == 0);
}

TEST_CASE("a file that is removed is gone at once, however large it is", "[boinc][server]") {
  asio::io_context io;
  const test::TemporaryFolder folder;
  SideThread side{io};
  for (const int size : {10, 3'000'000}) {
    const std::string path = folder.path("file");
    std::ofstream{path} << std::string(static_cast<std::size_t>(size), 'x');
    side.remove(path);
    CHECK_FALSE(std::filesystem::exists(path));
    side.remove(path);  // and once more
  }
}

TEST_CASE("some of those that wait are woken when there is work, and all when the server ends", "[boinc][server]") {
  asio::io_context io;
  WaitingRoom room{io};
  const auto until = WaitingRoom::Clock::now() + std::chrono::hours{1};
  int woken = 0, sent_away = 0;
  const auto wait = [&]() -> asio::awaitable<void> { ++(co_await room.wait(room.news(), until) ? woken : sent_away); };
  for (int i = 0; i < 40; ++i) asio::co_spawn(io, wait(), asio::detached);
  io.poll();
  CHECK(room.count() == 40);
  room.wake(false);
  io.poll();
  CHECK(woken == 0);
  room.wake(true);
  io.poll();
  CHECK(woken == 16);
  CHECK(room.count() == 24);
  room.close();
  asio::co_spawn(io, wait(), asio::detached);
  io.poll();
  CHECK(woken == 16);
  CHECK(sent_away == 25);
  CHECK(room.count() == 0);
}

TEST_CASE("all that is written at a time is committed together, and nothing after an error", "[boinc][server]") {
  asio::io_context io;
  const test::TemporaryFolder folder;
  mw::sqlite::Database database{folder.path("test.db")};
  database.execute("CREATE TABLE t(id INTEGER PRIMARY KEY)");
  int commits = 0, told = 0, thrown = 0;
  std::string failure;
  Committer committer{io, database, [&] { ++commits; }, [&](const std::string& why) { failure = why; }};
  const auto write = [&](bool fails) -> asio::awaitable<void> {
    try {
      committer.begin(Durability::process);
      database.execute("INSERT INTO t DEFAULT VALUES");
      if (fails) committer.fail("the disk is full");
      co_await committer.committed();
      ++told;
    } catch (const mw::Error&) {
      ++thrown;
    }
  };
  for (int i = 0; i < 3; ++i) asio::co_spawn(io, write(false), asio::detached);
  io.run();
  CHECK(commits == 1);
  CHECK(told == 3);
  io.restart();
  asio::co_spawn(io, write(false), asio::detached);
  asio::co_spawn(io, write(true), asio::detached);
  asio::co_spawn(io, write(false), asio::detached);
  io.run();
  CHECK(failure == "the disk is full");
  CHECK(commits == 1);
  CHECK(database.integer("SELECT count(*) FROM t") == 3);
  CHECK(thrown >= 2);
  CHECK_FALSE(committer.is_usable());
}
