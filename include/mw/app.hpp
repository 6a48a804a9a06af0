// The frame of a command-line application.
//
// What:    App gives a program the options that every CppMW application has, a progress bar, --json, and exit statuses:
//          0 done, 1 the computation failed or its results could not be printed, 2 the command line was wrong, 130
//          stopped by Ctrl-C, 143 by SIGTERM or at a time, 129 by SIGHUP (docs/stopping.md). In --json, and wherever
//          else text must be UTF-8, bytes that are not (in a path, for example) appear as U+FFFD.
// Owner:   an App refers to the variables of its options; they must outlive it.
// Threads: main's.
// Use:
//     int main(int argc, char** argv) {
//       mw::init(argc, argv);
//       std::uint64_t points = 100'000'000;
//       mw::App app{"monte_pi", "Estimates pi from random points in a square."};
//       app.option("--points", points, "how many points; 1e9 is understood");
//       return app.run(argc, argv, [&](mw::Master& master, mw::Report& report) {
//         report.result("pi", estimate(master, points));
//       });
//     }
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <mw/master.hpp>

namespace mw {

/// What an application found: printed one a line, or as the "result" of --json. Main's thread.
class Report {
 public:
  using Value = std::variant<bool, std::int64_t, std::uint64_t, double, std::string>;
  /// Adds a result; they are printed in this order. Keys are snake_case.
  void result(std::string key, Value value) { results_.emplace_back(std::move(key), std::move(value)); }
  /// What was added so far.
  const std::vector<std::pair<std::string, Value>>& results() const noexcept { return results_; }

 private:
  std::vector<std::pair<std::string, Value>> results_;
};

/// One application: its options, then run().
class App {
 public:
  /// `name` stands in messages, `description` in --help.
  App(std::string name, const std::string& description);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  /// An option "--points" that takes a count from `least` to `most`; "1000", "1e3" and "1.5e3" are understood. The
  /// value that the variable has is the default. What does not fit is a wrong command line: run() returns 2.
  void option(const std::string& flag, std::uint64_t& value, const std::string& help, std::uint64_t least = 0,
              std::uint64_t most = std::numeric_limits<std::uint64_t>::max());
  /// The same for a finite number.
  void option(const std::string& flag, double& value, const std::string& help);
  /// The same for any text.
  void option(const std::string& flag, std::string& value, const std::string& help);
  /// An option "--fast" without a value: the variable becomes true if it is given.
  void flag(const std::string& flag, bool& value, const std::string& help);

  /// What run() calls when the command line has been read, before anything starts. It throws UsageError, of one line,
  /// for values that make no sense together; then run() returns 2.
  void check(std::function<void()> check);

  /// Reads the command line, makes the master, calls `compute`, prints what it reported on stdout, and how long it took
  /// on stderr (with --json, one object on stdout). What `compute` or the master throws is printed on stderr. After
  /// Ctrl-C, SIGTERM, SIGHUP, or at the time that was asked for, the master stops in good order (Master::stop);
  /// `compute` lets Stopped pass, and the last line on stderr says what was done. If it has not returned as long after
  /// that as tasks had to finish (--grace), the process ends. Returns the exit status as above.
  int run(int argc, char** argv, const std::function<void(Master&, Report&)>& compute);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// For JSON and XML, which take nothing but UTF-8: `text` with U+FFFD in place of each byte that belongs to no
/// character. Any thread.
std::string valid_utf8(std::string_view text);

}  // namespace mw
