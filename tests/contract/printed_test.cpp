// The contract of every interface whose tasks run in processes of their own: what a task prints by opening its streams
// once more, by a child's hand, or as its last words, is kept like all that it prints. A task of `serial` has the
// descriptors of the whole program.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <stdexcept>
#include <thread>

#include "contract/functions.hpp"
#include "support/errors.hpp"

using namespace contract;
using test::error_of;

namespace {

void write_all(int fd, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t put = ::write(fd, text.data() + done, text.size() - done);
    if (put <= 0) throw std::runtime_error{"it cannot be written"};
    done += static_cast<std::size_t>(put);
  }
}

void print_by_open(const std::string& path, int flags, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags);
  if (fd < 0) throw std::runtime_error{path + " cannot be opened"};
  write_all(fd, text);
  ::close(fd);
}

void print_by_fopen(const std::string& path, const char* mode, const std::string& text) {
  std::FILE* const file = std::fopen(path.c_str(), mode);
  if (!file) throw std::runtime_error{path + " cannot be opened"};
  std::fputs(text.c_str(), file);
  std::fclose(file);
}

void print_by_shell(const std::string& command) {
  if (std::system(command.c_str()) != 0) throw std::runtime_error{command};
}

/// Each prints "again\n" to the stream of this name and number.
using Way = std::function<void(const std::string& name, const std::string& number)>;
const std::map<std::string, Way>& ways() {
  static const std::map<std::string, Way> ways{
      {"fopen w", [](const std::string& name, const std::string&) { print_by_fopen("/dev/" + name, "w", "again\n"); }},
      {"fopen a", [](const std::string& name, const std::string&) { print_by_fopen("/dev/" + name, "a", "again\n"); }},
      {"open", [](const std::string& name, const std::string&) { print_by_open("/dev/" + name, 0, "again\n"); }},
      {"open, truncate", [](const std::string& name, const std::string&) { print_by_open("/dev/" + name, O_TRUNC, "again\n"); }},
      {"by number", [](const std::string&, const std::string& fd) { print_by_open("/proc/self/fd/" + fd, O_APPEND, "again\n"); }},
      {"ofstream", [](const std::string& name, const std::string&) { std::ofstream{"/dev/" + name} << "again\n"; }},
      {"shell", [](const std::string& name, const std::string&) { print_by_shell("echo again > /dev/" + name); }},
      {"shell, append", [](const std::string& name, const std::string&) { print_by_shell("echo again >> /dev/" + name); }},
      {"tee",
       [](const std::string&, const std::string& fd) { print_by_shell("echo again | tee /dev/fd/3 3>&" + fd + " > /dev/null"); }},
  };
  return ways;
}

void print_in_turn(const std::string& way) {
  std::printf("before\n");
  std::fflush(stdout);
  std::fprintf(stderr, "before\n");
  ways().at(way)("stdout", "1");
  ways().at(way)("stderr", "2");
  std::printf("after\n");
  std::fprintf(stderr, "after\n");
}

std::string numbers(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + '\n';
  text.resize(size);
  return text;
}

/// All at once, with more in one stream than any pipe holds.
std::size_t print_much(std::size_t size, bool opens_again) {
  std::printf("begin\n");
  std::fflush(stdout);
  if (opens_again)
    print_by_fopen("/dev/stdout", "w", numbers(size));
  else
    write_all(STDOUT_FILENO, numbers(size));
  std::printf("end\n");
  return size;
}

int abort_after(const std::string& text) {
  print_by_fopen("/dev/stderr", "w", text);
  std::abort();
}

int end_by_terminate() {
  std::thread{[] { throw std::runtime_error{"nobody catches this"}; }}.join();
  return 0;
}

/// Leads both streams elsewhere, for good, and keeps the way back.
void lead_elsewhere() {
  [[maybe_unused]] const int kept[] = {::dup(STDOUT_FILENO), ::dup(STDERR_FILENO)};
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
  ::dup2(ends[1], STDOUT_FILENO);
  ::dup2(ends[1], STDERR_FILENO);
}

}  // namespace

TEST_CASE("what a task prints by opening its streams once more is kept, in order", "[contract][printed]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  std::vector<std::pair<std::string, mw::Task<void>>> tasks;
  for (const auto& [name, way] : ways()) tasks.emplace_back(name, master.submit_task<print_in_turn>(name));
  for (const auto& [name, task] : tasks) {
    INFO(name);
    CHECK_NOTHROW(master.get_result(task));
    CHECK(task.stdout_text() == "before\nagain\nafter\n");
    CHECK(task.stderr_text() == "before\nagain\nafter\n");
  }
}

TEST_CASE("a task that prints megabytes does not wait for its end, and they are kept", "[contract][printed]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  constexpr std::size_t size = 3 << 20;
  const auto again = master.submit_task<print_much>(size, true);
  const auto plain = master.submit_task<print_much>(size, false);
  const auto small = master.submit_task<print_much>(std::size_t{10}, true);
  for (const auto* task : {&again, &plain, &small}) {
    const std::size_t printed = master.get_result(*task);
    CHECK((task->stdout_text() == "begin\n" + numbers(printed) + "end\n"));
  }
}

TEST_CASE("what a task prints beyond the limit is dropped, and the last line says so", "[contract][printed]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  constexpr std::size_t limit = 16 << 20;
  const auto task = master.submit_task<print_much>(limit + 100'000, false);
  const auto next = master.submit_task<print_much>(std::size_t{10}, false);
  master.get_result(task);
  const std::string text = task.stdout_text();
  CHECK(text.size() < limit + 100);
  CHECK(text.starts_with("begin\n0\n1\n"));
  CHECK(text.ends_with("\n[the rest was dropped: a task may print 16384 KiB]\n"));
  master.get_result(next);
  CHECK(next.stdout_text() == "begin\n" + numbers(10) + "end\n");
}

TEST_CASE("the last words of a task that crashes are told, however many there are", "[contract][printed]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto few = master.submit_task<abort_after>({.max_losses = 0}, "these are the last words\n");
  const auto many = master.submit_task<abort_after>({.max_losses = 0}, numbers(1'000'000) + "\nthese are the last words\n");
  const auto uncaught = master.submit_task<end_by_terminate>({.max_losses = 0});
  CHECK(error_of(master, few).stderr_tail() == "these are the last words\n");
  CHECK(error_of(master, many).stderr_tail().ends_with("\nthese are the last words\n"));
  CHECK(error_of(master, uncaught).stderr_tail().find("nobody catches this") != std::string::npos);
}

TEST_CASE("a task that leads its streams elsewhere does so for itself alone", "[contract][printed]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  mw::Master master{mw::interface(with_workers(spec, 1))};
  for (int i = 0; i < 3; ++i) {
    const auto elsewhere = master.submit_task<lead_elsewhere>();
    const auto next = master.submit_task<print>("out", "err");
    master.get_result(elsewhere);
    master.get_result(next);
    CHECK(next.stdout_text() == "out by cout\nout by printf\n");
    CHECK(next.stderr_text() == "err by cerr\nerr by fprintf\n");
  }
}
