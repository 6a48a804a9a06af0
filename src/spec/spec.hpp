// How an interface is written: "NAME[:N][?key=value&…]", or "NAME:key=value&…"; several of them with '+' between.
//
// What:    takes such a text apart, and says in one form what is wrong with it.
// Owner:   refers to the texts that it is given.
// Threads: any.
// Use:
//     const spec::Spec given{"mpi", ":4?memory=off", form};
//     if (const auto workers = given.count(most)) options.workers = *workers;      // throws UsageError
//     given.read(options, table);
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spec/options.hpp"

namespace mw::spec {

/// "multicore:2" and "tcp:listen=…" of "multicore:2+tcp:listen=…": what is between '+'. In a member's options a '+' is
/// an ordinary character, unless one of these names is behind it, and behind that ':', '?', '+' or the end. What is
/// empty is among them.
std::vector<std::string_view> members_of(std::string_view text, std::span<const std::string_view> names);

/// "mpi" of "mpi:4?memory=off".
std::string_view name_of(std::string_view text) noexcept;

/// `text` with this number of workers; empty if it has another one already.
std::optional<std::string> with_count(std::string_view text, std::uint64_t workers);

/// What follows an interface's name.
class Spec {
 public:
  /// `form`: all that may be written, for error messages.
  Spec(std::string_view name, std::string_view text, std::string_view form) noexcept;

  /// What follows the ':', up to a '?'; and what follows that. Empty if there is no such mark.
  const std::optional<std::string_view>& number() const noexcept { return number_; }
  const std::optional<std::string_view>& options() const noexcept { return options_; }

  /// The number, 1 to `most`; empty if there is none. Throws UsageError.
  std::optional<unsigned> count(unsigned most, std::string_view of_what = "workers") const;
  /// Throws UsageError.
  template <class Options>
  void read(Options& options, const Table<Options>& table) const {
    if (options_) read_options(options, *options_, table, [this](const std::string& why) { refuse(why); });
  }
  /// Throws UsageError: interface "NAMETEXT": <why>; the form is <form>.
  [[noreturn]] void refuse(std::string_view why) const;

 private:
  std::string_view name_;
  std::string_view text_;
  std::string_view form_;
  std::optional<std::string_view> number_;
  std::optional<std::string_view> options_;
};

}  // namespace mw::spec
