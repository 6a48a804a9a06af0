// Workers that break the protocol: the process is replaced, and nothing else is lost, on every interface that has some.
#include <catch2/catch.hpp>

#include <dirent.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "contract/functions.hpp"
#include "support/processes.hpp"
#include "wire/messages.hpp"

using namespace contract;

namespace {

enum class Words {
  result_of_another_task,
  torn_result,
  torn_failure,
  absurd_progress,
  second_hello,
  unknown_type,
  apart_without_memory
};

mw::wire::Result result_of(std::uint64_t task) {
  mw::wire::Result result;
  result.id = task;
  result.attempt = 1;
  return result;
}

mw::Bytes frame_of(Words words) {
  mw::Bytes bytes;
  switch (words) {
    case Words::result_of_another_task: mw::wire::append(bytes, result_of(1'000'000)); break;
    case Words::torn_result: mw::wire::append_header(bytes, mw::wire::FrameType::result, 3); break;
    case Words::torn_failure: mw::wire::append_header(bytes, mw::wire::FrameType::failure, 12); break;
    case Words::absurd_progress: mw::wire::append(bytes, mw::wire::Progress{.id = 1, .attempt = 1, .fraction = 2}); break;
    case Words::second_hello: mw::wire::append(bytes, mw::wire::Hello{}); break;
    case Words::unknown_type: bytes.append("\1\2\3\4\5\6\7\xff", 8); break;
    case Words::apart_without_memory: mw::wire::append_result_apart(bytes, result_of(1), 100); break;
  }
  if (words == Words::torn_result) bytes.append("abc", 3);
  if (words == Words::torn_failure) bytes.append("abcdefghijkl", 12);
  return bytes;
}

/// Says it to this worker's master, in place of a worker.
void send_to_master(const mw::Bytes& bytes) {
  DIR* const folder = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(folder)) {
    const int fd = std::atoi(entry->d_name);
    int domain = 0;
    socklen_t size = sizeof domain;
    if (fd < 3 || ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_UNIX) continue;
    static_cast<void>(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  ::closedir(folder);
}

bool say(int words) {
  send_to_master(frame_of(static_cast<Words>(words)));
  std::this_thread::sleep_for(std::chrono::seconds{20});  // it is ended meanwhile
  return true;
}

/// The first task of its master.
bool say_rubbish_was_measured(const std::string& rubbish) {
  mw::Bytes bytes;
  mw::wire::append(bytes, mw::wire::Measured{1, 1, std::as_bytes(std::span{rubbish})});
  send_to_master(bytes);
  return true;
}

}  // namespace

TEST_CASE("a worker that breaks the protocol is replaced, and only that process", "[task][bad_frames]") {
  const std::string spec = GENERATE_COPY(from_range(specs_with_processes()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  for (const Words words : {Words::result_of_another_task, Words::torn_result, Words::torn_failure, Words::absurd_progress,
                            Words::second_hello, Words::unknown_type, Words::apart_without_memory}) {
    INFO("words " << static_cast<int>(words));
    const auto task = master.submit_task<say>({.max_losses = 1}, static_cast<int>(words));
    try {
      master.get_result(task);
      FAIL("it said nothing");
    } catch (const mw::TaskError& e) {
      INFO(e.what());
      CHECK(e.cause() == mw::Cause::worker_lost);
      CHECK(std::string{e.what()}.find("broke the protocol") != std::string::npos);
    }
    CHECK(master.get_result(master.submit_task<add>(1, 2)) == 3);
  }
  const auto status = [&] { return master.get_status(); };
  if (spec.starts_with("boinc")) return;
  // A node of tcp on which three died in a row may be set aside for a while.
  const auto accounted_for = [&] { return status().ready_workers() + status().workers_that_are(mw::WorkerState::set_aside); };
  CHECK(test::eventually([&] { return accounted_for() == static_cast<std::size_t>(workers_of(spec)); }));
  CHECK(status().workers_that_are(mw::WorkerState::lost) == 0);
}

TEST_CASE("rubbish in place of what a task has counted is dropped, and nothing else is", "[task][bad_frames][measure]") {
  const std::string spec = GENERATE_COPY(from_range(specs_with_processes()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  CHECK(master.get_result(master.submit_task<say_rubbish_was_measured>(std::string(1'000, '\xee'))));
  CHECK(master.get_result(master.submit_task<add>(1, 2)) == 3);
  CHECK(master.measures().empty());
  CHECK(master.get_status().lost == 0);
}
