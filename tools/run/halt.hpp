// When a run ends before its inputs do: --halt.
//
// What:    reads "never", "now,fail=1", "soon,fail=10%", "soon,success=3", "now,done=100", and says when that is so.
// Owner:   a value.
// Threads: one at a time.
// Use:
//     Halt halt = Halt::of("soon,fail=1");              // throws mw::UsageError
//     halt.count(is_good);  if (halt.is_due()) …
#pragma once

#include <cstdint>
#include <string_view>

namespace mw::run {

class Halt {
 public:
  static Halt of(std::string_view text);

  bool is_set() const noexcept { return of_ != Of::nothing; }
  void count(bool is_good) noexcept;
  /// No job is to begin any more.
  bool is_due() const noexcept;
  /// And those that run are to be ended.
  bool ends_running() const noexcept { return is_now_; }
  /// It is due as jobs failed.
  bool is_for_failures() const noexcept { return of_ == Of::failed; }

 private:
  enum class Of : std::uint8_t { nothing, failed, good, all };
  Of of_ = Of::nothing;
  bool is_now_ = false;
  bool is_percent_ = false;
  double limit_ = 0;
  std::uint64_t good_ = 0, failed_ = 0;
};

}  // namespace mw::run
