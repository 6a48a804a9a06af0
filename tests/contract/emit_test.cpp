// Results while a task runs: mw::emit and Master::parts_of, on every interface.
#include <catch2/catch.hpp>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <numeric>
#include <stdexcept>

#include "contract/functions.hpp"
#include "support/errors.hpp"
#include "support/temporary.hpp"

using namespace contract;

namespace {

int emit_then_wait(const std::string& file) {
  mw::emit(std::string{"on the way"});
  wait_for_file(file);
  mw::emit(std::string{"there"});
  return 2;
}
std::uint64_t emit_many(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) mw::emit(i);
  return count;
}
std::size_t emit_large(std::size_t numbers) {
  std::vector<std::uint64_t> values(numbers);
  std::iota(values.begin(), values.end(), std::uint64_t{0});
  for (int i = 0; i < 3; ++i) {
    values[0] = static_cast<std::uint64_t>(i);
    mw::emit(values);
  }
  return numbers;
}
/// The first attempt comes to nothing.
int emit_and_fail_once(const std::string& file, bool by_signal) {
  const bool is_first = !std::ifstream{file};
  mw::emit(is_first ? 1 : 2);
  if (!is_first) return 7;
  std::ofstream{file} << "been here";
  if (by_signal) ::raise(SIGKILL);
  throw std::runtime_error{"not yet"};
}

int print_then_wait(const std::string& file) {
  std::printf("one\ntw");
  if (!file.empty()) wait_for_file(file);
  std::printf("o\n");
  std::cout << "thr" << std::flush << "ee";
  return 3;
}
std::size_t print_lines(std::size_t lines) {
  for (std::size_t i = 0; i < lines; ++i) std::printf("%zu\n", i);
  return lines;
}

template <class T>
std::vector<mw::Part<T>> all_parts(mw::Master& master, const mw::TaskHandle& task) {
  std::vector<mw::Part<T>> parts;
  for (const mw::Part<T>& part : master.parts_of<T>(task)) parts.push_back(part);
  return parts;
}

}  // namespace

TEST_CASE("what a task emits is there while it runs", "[contract][emit]") {
  for (const std::string& spec : specs_scheduled_by_master()) {
    INFO(spec);
    mw::Master master{mw::interface(spec)};
    const test::TemporaryFolder folder;
    const auto task = master.submit_task<emit_then_wait>(folder.path("go"));
    std::vector<std::string> texts;
    for (const auto& part : master.parts_of<std::string>(task)) {
      texts.push_back(part.value);
      CHECK(part.attempt == 1);
      CHECK_FALSE(part.has_failed);
      if (texts.size() == 1) {
        CHECK_FALSE(task.done());
        std::ofstream{folder.path("go")};
      }
    }
    CHECK(texts == std::vector<std::string>{"on the way", "there"});
    CHECK(task.done());
    CHECK(master.get_result(task) == 2);
    CHECK(all_parts<std::string>(master, task).empty());  // each once
  }
}

TEST_CASE("parts come in order, many and large ones, on every interface", "[contract][emit]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto many = master.submit_task<emit_many>(std::uint64_t{3'000});
  const auto large = master.submit_task<emit_large>(std::size_t{200'000});
  const auto none = master.submit_task<add>(1, 2);
  std::uint64_t next = 0;
  for (const auto& part : master.parts_of<std::uint64_t>(many)) CHECK(part.value == next++);
  CHECK(next == 3'000);
  next = 0;
  for (const auto& part : master.parts_of<std::vector<std::uint64_t>>(large)) {
    REQUIRE(part.value.size() == 200'000);
    CHECK(part.value.front() == next++);
    CHECK(part.value.back() == 199'999);
  }
  CHECK(next == 3);
  CHECK(all_parts<int>(master, none).empty());
  CHECK(master.get_result(many) == 3'000);
  CHECK(master.get_result(large) == 200'000);
  CHECK(master.get_result(none) == 3);
}

TEST_CASE("parts of an attempt that came to nothing say so", "[contract][emit]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  for (const bool by_signal : {false, true}) {
    if (by_signal && spec.starts_with("serial")) continue;
    INFO(by_signal);
    const test::TemporaryFolder folder;
    const auto task = master.submit_task<emit_and_fail_once>({.retries = 1}, folder.path("been"), by_signal);
    CHECK(master.get_result(task) == 7);
    const auto parts = all_parts<int>(master, task);
    REQUIRE_FALSE(parts.empty());
    CHECK(parts.back().value == 2);
    CHECK(parts.back().attempt == task.attempts());
    CHECK_FALSE(parts.back().has_failed);
    // A connection that dies with its worker may take along what was on its way.
    if (parts.size() == 1) {
      CHECK(by_signal);
      continue;
    }
    CHECK(parts.size() == 2);
    CHECK(parts.front().value == 1);
    CHECK(parts.front().attempt < task.attempts());
    CHECK(parts.front().has_failed);
  }
  const auto fails = master.submit_task<emit_and_fail_once>({.max_losses = 0}, "/no/such/folder", false);
  CHECK(test::error_of(master, fails).cause() == mw::Cause::exception);
  const auto parts = all_parts<int>(master, fails);
  REQUIRE(parts.size() == 1);
  CHECK(parts.front().has_failed);
}

TEST_CASE("parts_of refuses what it cannot read, and waits no longer than it is told to", "[contract][emit]") {
  const std::string spec = specs_scheduled_by_master().back();
  INFO(spec);
  mw::Master master{mw::interface(spec)}, other{mw::interface("serial")};
  mw::emit(1);  // outside a task
  const test::TemporaryFolder folder;
  const auto task = master.submit_task<emit_then_wait>(folder.path("go"));
  CHECK_THROWS_AS(other.parts_of<std::string>(task), mw::TaskError);
  CHECK_THROWS_AS(master.parts_of<std::string>(mw::Task<int>{}), mw::TaskError);
  auto parts = master.parts_of<std::string>(task, std::chrono::milliseconds{20});
  CHECK_THROWS_AS(
      [&] {
        for (const auto& part : parts) CHECK(part.value == "on the way");
      }(),
      mw::TimeoutError);
  std::ofstream{folder.path("go")};
  auto wrong = master.parts_of<std::vector<double>>(task);
  CHECK_THROWS_AS(all_parts<std::vector<double>>(master, task), mw::CodecError);
  CHECK(master.get_result(task) == 2);
}

TEST_CASE("what a task prints can be read while it runs", "[contract][emit]") {
  for (const std::string& spec : specs_scheduled_by_master()) {
    INFO(spec);
    mw::Master master{mw::interface(spec)};
    const test::TemporaryFolder folder;
    const std::string go = folder.path("go");
    const mw::Program program{"/bin/sh",
                              {"-c", "echo one; printf tw; until [ -e '" + go + "' ]; do sleep 0.01; done; echo o; printf three"}};
    const auto read_all = [&](const mw::TaskHandle& task) {
      std::string text;
      for (const auto& part : master.parts_of<std::string>(task)) {
        if (text.empty() && !spec.starts_with("serial")) {
          CHECK(part.value == "one\n");
          CHECK_FALSE(task.done());
        }
        text += part.value;
        std::ofstream{go};
      }
      CHECK(text == "one\ntwo\nthree");
    };
    // One process cannot tell what a thread prints before that has ended.
    const auto prints = master.submit_task<print_then_wait>({.emit_stdout = true}, spec.starts_with("serial") ? "" : go);
    read_all(prints);
    CHECK(prints.stdout_text() == "one\ntwo\nthree");
    CHECK(master.get_result(prints) == 3);
    std::filesystem::remove(go);
    const auto runs = master.submit_task({.emit_stdout = true}, program);
    read_all(runs);
    CHECK(master.get_result(runs) == "one\ntwo\nthree");
    const auto quiet = master.submit_task<print_lines>({}, std::size_t{2});
    CHECK(master.get_result(quiet) == 2);
    CHECK(all_parts<std::string>(master, quiet).empty());
  }
}

TEST_CASE("all that a task prints comes as parts, on every interface", "[contract][emit]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto task = master.submit_task<print_lines>({.emit_stdout = true}, std::size_t{30'000});
  std::string text;
  for (const auto& part : master.parts_of<std::string>(task)) {
    CHECK(part.value.ends_with('\n'));
    text += part.value;
  }
  CHECK(master.get_result(task) == 30'000);
  CHECK(text.starts_with("0\n1\n2\n"));
  CHECK(text.ends_with("\n29999\n"));
  CHECK(text == task.stdout_text());
  const auto program = master.submit_task({.emit_stdout = true}, mw::Program{"/bin/sh", {"-c", "echo a; echo b"}});
  text.clear();
  for (const auto& part : master.parts_of<std::string>(program)) text += part.value;
  CHECK(text == "a\nb\n");
}

TEST_CASE("what is emitted and not read has a limit, and who reads it hears of what is missing", "[contract][emit]") {
  const std::string spec = specs_scheduled_by_master().back();
  INFO(spec);
  mw::MasterOptions options;
  options.most_unread_parts = 20'000;
  mw::Master master{mw::interface(spec), options};
  const auto task = master.submit_task<emit_many>(std::uint64_t{3'000});
  CHECK(master.get_result(task) == 3'000);
  std::uint64_t next = 0;
  const std::string error = test::usage_error([&] {
    for (const auto& part : master.parts_of<std::uint64_t>(task)) CHECK(part.value == next++);
  });
  CHECK_THAT(error,
             Catch::Contains("emitted " + std::to_string(3'000 - next) + " values more") && Catch::Contains("were not kept"));
  CHECK(next > 100);
  CHECK(next < 2'000);
  const auto later = master.submit_task<emit_many>(std::uint64_t{100});  // there is room again
  CHECK(all_parts<std::uint64_t>(master, later).size() == 100);
}

TEST_CASE("what is emitted in a custom interface's own process comes with the result", "[seam][emit]") {
  struct Here final : mw::Interface {
    void execute_task(const mw::TaskRef& task, mw::WorkerId) override { host().task_finished(task, mw::run_here(task)); }
  };
  mw::Master master{std::make_unique<Here>()};
  const auto task = master.submit_task<emit_many>(std::uint64_t{5});
  CHECK(all_parts<std::uint64_t>(master, task).size() == 5);
}
