// What the parts of a volunteer have in common.
//
// What:    how it takes part, who it is to the project, its folder, the connection, and its words for people.
// Owner:   owns them all.
// Threads: one.
// Use:
//     Session session{options, [&] { return look_around(); }, [&] { return is_ending; }};
//     session.say("{} runs", task.name);  session.save();
#pragma once

#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "boinc/volunteer/home.hpp"
#include "boinc/volunteer/options.hpp"
#include "boinc/volunteer/state.hpp"
#include "http/transfer.hpp"

namespace mw::boinc {

class Session {
 public:
  /// `alive`: see http::Transfer; `is_broken_off`: no transfer is begun any more, and it is no trouble that one failed.
  /// Throws InterfaceError.
  Session(VolunteerOptions given, std::function<bool()> alive, std::function<bool()> broken_off);

  void save() {
    state.save(home.state_path());
    is_changed_ = false;
  }
  /// It is saved soon: many changes at a time are one.
  void changed() noexcept { is_changed_ = true; }
  void save_changes() {
    if (is_changed_) save();
  }
  /// From 0 to 1.
  double draw() { return std::uniform_real_distribution<double>{0, 1}(random_); }

  template <class... Values>
  void say(fmt::format_string<Values...> text, Values&&... values) const {
    if (!options.quiet) tell_line(fmt::format(text, std::forward<Values>(values)...));
  }
  /// Also where it is to be quiet.
  void warn(std::string_view text) const;

  VolunteerOptions options;
  Home home;
  VolunteerState state;
  http::Transfer transfer;
  std::function<bool()> is_broken_off;

 private:
  static void tell_line(std::string_view text);
  void adopt_state();
  bool is_changed_ = false;
  std::mt19937 random_{std::random_device{}()};
};

}  // namespace mw::boinc
