// What jobs have written, on its way to stdout and stderr.
//
// What:    Printer prints what a job wrote in one piece, as jobs end, or in their order; each line behind its job's
//          values, where that is wanted; or it puts it into files. What has to wait for its turn waits on disk when it
//          is much.
// Owner:   takes the files that jobs name, and removes them.
// Threads: one at a time.
// Use:
//     Printer printer{{.keep_order = true, .spool = folder}};
//     printer.add(number, row, std::move(ran));             // throws ReaderGone when nobody reads stdout any more
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include <mw/error.hpp>

#include "run/inputs.hpp"
#include "run/job.hpp"

namespace mw::run {

/// Whoever read stdout is gone, as `head` is when it has enough.
class ReaderGone : public Error {
 public:
  ReaderGone() : Error{"nobody reads stdout any more"} {}
};

class Printer {
 public:
  struct Options {
    bool keep_order = false;
    bool tag = false;
    std::string results;  ///< a folder for RESULTS/NUMBER/stdout and stderr; empty: they are printed
    std::string spool;    ///< for what waits
  };
  explicit Printer(Options options) : options_{std::move(options)} {}

  /// Numbers begin with 1. Throws ReaderGone, and InterfaceError for other trouble.
  void add(std::uint64_t number, const Row& row, Ran ran);
  /// Lines that a job has written while it runs, as they are.
  void print_lines(bool to_stderr, const std::string& text, const Row& row) const;
  /// Nothing comes of this one: those behind it need not wait.
  void skip(std::uint64_t number);

 private:
  struct Waiting {
    Row row;
    Ran ran;
    bool is_empty = false;
  };
  void print_those_due();
  void print(std::uint64_t number, const Row& row, const Ran& ran) const;
  void print_stream(int to, const std::string& text, const std::string& file, const Row& row) const;
  void hold(Waiting& one, std::uint64_t number);

  static constexpr std::size_t most_in_memory = std::size_t{64} << 20;

  const Options options_;
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, Waiting> waiting_;
  std::size_t in_memory_ = 0;
};

}  // namespace mw::run
