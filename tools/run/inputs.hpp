// What the jobs of mw run are about: rows of values, read one by one.
//
// What:    a Source gives values: a list, or the lines of a file. Rows combines sources: each value with each (a
//          product), or side by side; splits values into columns; puts several into one row; shuffles. Nothing is read
//          before it is asked for, except for the second and later sources of a product, and to shuffle.
// Owner:   Rows owns its sources.
// Threads: one at a time.
// Use:
//     Rows rows{plan};                                  // throws mw::UsageError where a file cannot be read
//     while (auto row = rows.next()) submit(*row);
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mw::run {

using Row = std::vector<std::string>;

class Source {
 public:
  virtual ~Source() = default;
  virtual std::optional<std::string> next() = 0;
  /// Whether next() would not wait, or not for long: the rest of a line may be on its way.
  virtual bool is_at_hand() const { return true; }
};

/// The texts that end with `end` in a file; "-" is stdin. The last one need not have it.
std::unique_ptr<Source> file_source(const std::string& path, char end);
std::unique_ptr<Source> list_source(std::vector<std::string> values);

/// How values come to jobs.
struct InputPlan {
  struct Origin {
    bool is_file = false;             ///< ::::, --arg-file
    bool is_linked = false;           ///< :::+ and ::::+: goes with the one before, as far as both have values
    std::vector<std::string> values;  ///< the values, or the path of the file
  };
  std::vector<Origin> origins;     ///< none: lines of stdin
  bool link = false;               ///< sources side by side; a shorter one begins anew
  char end = '\n';                 ///< of a text in a file
  std::string column_separator;    ///< a regular expression; empty: values stay whole
  std::size_t values_per_job = 0;  ///< 0: one of each source
  bool shuffle = false;
};

class Rows {
 public:
  explicit Rows(const InputPlan& plan);
  ~Rows();
  std::optional<Row> next();
  /// Whether next() has what it needs.
  bool is_at_hand() const;

 private:
  struct Reader;
  std::vector<const Source*> sources_;  ///< that are read as rows are wanted
  std::unique_ptr<Reader> first_;       ///< what the rest is made of
};

/// A stream, cut behind a line's end into blocks of about this many bytes; empty at its end. Throws InterfaceError.
class Blocks {
 public:
  explicit Blocks(std::size_t size) : size_{size} {}
  std::optional<std::string> next();

 private:
  const std::size_t size_;
  std::string rest_;
  bool is_at_end_ = false;
};

}  // namespace mw::run
