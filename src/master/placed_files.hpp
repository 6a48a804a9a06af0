// A task's output files, on their way to their places.
//
// What:    place_outputs() reads the list in front of a result's value, checks it against what was asked for, and
//          writes each file beside its place, under a temporary name. commit() gives all of them their final names.
// Owner:   files that were not committed go with the object.
// Threads: any, one at a time. place_outputs() takes as long as the files are large; commit() only renames.
// Use:
//     PlacedFiles files = place_outputs(outputs, limit, folder, value.span());            // throws worker::OutputError
//     files.commit();                                                                   // throws worker::OutputError
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <mw/task_options.hpp>

namespace mw::detail {

class PlacedFiles {
 public:
  PlacedFiles() = default;
  PlacedFiles(PlacedFiles&& other) noexcept : files_{std::exchange(other.files_, {})}, value_{other.value_} {}
  PlacedFiles& operator=(PlacedFiles&& other) noexcept {
    std::swap(files_, other.files_);
    std::swap(value_, other.value_);
    return *this;
  }
  ~PlacedFiles();

  /// All under their final names, in place of what is there. Where that throws, some may be.
  void commit();
  /// What is behind the list: of the bytes that place_outputs() was given.
  std::span<const std::byte> value() const noexcept { return value_; }

 private:
  friend class Placing;
  struct File {
    std::string temporary;  ///< empty: it has its final name
    std::string place;
  };
  std::vector<File> files_;
  std::span<const std::byte> value_;
};

/// `outputs` with their places in full; `folder` is where those lie that come from this machine.
PlacedFiles place_outputs(const std::vector<OutputFile>& outputs, std::uint64_t limit, const std::string& folder,
                          std::span<const std::byte> value);

}  // namespace mw::detail
