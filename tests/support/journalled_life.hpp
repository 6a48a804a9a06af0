// One run of journalled_run after the other in one folder, of which some end before their time.
#pragma once

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/temporary.hpp"

namespace test {

inline std::string variable(const char* name, const std::string& otherwise) {
  const char* const text = std::getenv(name);
  return text ? text : otherwise;
}

class JournalledLife {
 public:
  struct Terms {
    std::string spec = "serial";
    std::uint64_t count = 300;
    std::string sync = "always";  ///< or "soon"
    std::string order = "all";    ///< or "turns": each task is submitted when the one before has been delivered
  };
  explicit JournalledLife(Terms terms) : terms_{std::move(terms)} {}

  /// To its end, with these variables in its environment ("A=1 B=2").
  void live(const std::string& variables = "") {
    const std::size_t ran_before = runs();
    auto program = start(variables);
    status_ = program->wait();
    end(ran_before);
  }
  /// Kills it when so many tasks more have run, and a moment later; false if it came to its end before.
  bool live_for(std::uint64_t tasks, std::chrono::microseconds more) {
    const std::size_t ran_before = runs();
    auto program = start("");
    while (runs() - ran_before < tasks && !program->has_ended()) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    std::this_thread::sleep_for(more);
    const bool ended = program->has_ended();
    if (!ended) program->kill(SIGKILL);
    status_ = program->wait();
    end(ran_before);
    return !ended;
  }
  /// Power has failed: what only the program has seen is safe no longer.
  void forget_what_is_safe() { safe_.clear(); }

  int status() const { return status_; }
  bool was_killed() const { return WIFSIGNALED(status_); }
  std::string path(const std::string& name) const { return folder_.path(name); }
  std::string journal() const { return path("run.mwj"); }
  std::string out() const { return file_text(path("out")); }
  std::string err() const { return file_text(path("err")); }
  std::size_t runs() const {
    std::error_code none_yet;
    const auto size = std::filesystem::file_size(path("ran"), none_yet);
    return none_yet ? 0 : size / sizeof(std::uint64_t);
  }
  std::size_t safe() const { return safe_.size(); }
  std::string expected_out() const {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < terms_.count; ++i) sum += i * i + 1;
    return std::to_string(sum) + "\n";
  }

 private:
  struct Delivered {
    std::uint64_t number;
    std::int64_t ns;
  };
  template <class Record>
  std::vector<Record> records_of(const std::string& name) const {
    std::vector<Record> records;
    std::ifstream file{path(name), std::ios::binary};
    for (Record record; file.read(reinterpret_cast<char*>(&record), sizeof record);) records.push_back(record);
    return records;
  }
  std::unique_ptr<Program> start(const std::string& variables) const {
    const std::string command = variables + " exec \"$0\" \"$@\" >" + path("out") + " 2>" + path("err");
    return std::make_unique<Program>("/bin/sh",
                                     std::vector<std::string>{"-c", command, beside("journalled_run"), terms_.spec, path(""),
                                                              std::to_string(terms_.count), terms_.sync, terms_.order},
                                     "CPPMW_TEST=crash");
  }
  void end(std::size_t ran_before) {
    // The workers of the one that was killed hear of it soon.
    if (terms_.spec != "serial") REQUIRE(eventually([] { return processes_with("CPPMW_TEST=crash").empty(); }));
    check_that_nothing_safe_ran_again(ran_before);
    note_what_is_safe();
  }
  void check_that_nothing_safe_ran_again(std::size_t from) const {
    const auto all = records_of<std::uint64_t>("ran");
    std::size_t again = 0;
    for (std::size_t i = from; i < all.size(); ++i) again += safe_.count(all[i]);
    CHECK(again == 0);
  }
  /// With `soon`, what was delivered half a second before the end.
  void note_what_is_safe() {
    const auto all = records_of<Delivered>("delivered");
    if (all.empty()) return;
    const std::int64_t a_while = std::chrono::nanoseconds{std::chrono::milliseconds{500}}.count();
    const std::int64_t upto = terms_.sync == "always" ? all.back().ns : all.back().ns - a_while;
    for (std::size_t i = delivered_before_; i < all.size(); ++i)
      if (all[i].ns <= upto) safe_.insert(all[i].number);
    delivered_before_ = all.size();
  }

  const Terms terms_;
  TemporaryFolder folder_;
  std::size_t delivered_before_ = 0;  ///< by the lives before this one
  std::set<std::uint64_t> safe_;
  int status_ = 0;
};

}  // namespace test
