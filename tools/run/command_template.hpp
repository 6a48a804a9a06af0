// The command of mw run, with what stands for a job's values in it.
//
// What:    {} a value, {.} without its extension, {/} without its folder, {//} its folder, {/.} without both; {2}, {2.}
//          … the second one; {#} the job's number, {%} the number of the place that it runs in. Anything else in braces
//          is itself. Words stay words whatever is in a value: no shell sees them, unless the command is for one, and
//          then each value is quoted.
// Owner:   a value.
// Threads: any.
// Use:
//     const CommandTemplate command{{"flac", "-s", "{}", "-o", "{.}.flac"}, false};
//     const Words words = command.of({"a b.wav"}, 7);
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "run/inputs.hpp"

namespace mw::run {

/// A command for one job. The place that it runs in is known only there.
struct Words {
  std::vector<std::string> words;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> places;  ///< which word, and in front of which of its bytes
};

class CommandTemplate {
 public:
  /// `for_shell`: the words are one command line for a shell. If there is nothing of that in it, all values come behind
  /// it.
  CommandTemplate(std::vector<std::string> words, bool for_shell, bool takes_values = true);

  Words of(const Row& row, std::uint64_t number) const;
  /// A text in which the same stand for the same: a path.
  static std::string text_of(const std::string& text, const Row& row, std::uint64_t number);

 private:
  std::vector<std::string> words_;
  bool for_shell_;
};

/// As one would type it: quoted where it needs to be.
std::string shown(const std::vector<std::string>& words);

}  // namespace mw::run
