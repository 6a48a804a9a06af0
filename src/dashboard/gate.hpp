// Who gets through to a master's dashboard.
//
// What:    a request must name this machine (Host), so that no page from elsewhere gets here under a name of its own
//          (DNS rebinding), and if a page sent it, that page must be ours (Origin). Who changes anything must have the
//          key. Pure.
// Owner:   a value.
// Threads: any; may_change() one at a time.
// Use:
//     if (const char* why = gate.refusal_of(host, origin)) …403…
//     if (gate.has_key(authorization, address, now)) …
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "http/pace.hpp"

namespace mw::dashboard {

class Gate {
 public:
  /// `names`: what this machine is called, besides localhost and its addresses.
  Gate(std::string key, std::string machine) : key_{std::move(key)}, machine_{std::move(machine)} {}

  const std::string& key() const noexcept { return key_; }
  /// Why a request with these fields is not answered; null: it is. `origin` is empty where there is none.
  const char* refusal_of(std::string_view host, std::string_view origin) const;
  /// Whether this Authorization field has the key. Who tries too many wrong ones is not looked at for a while.
  bool has_key(std::string_view authorization, std::string_view address, http::Pace::Time now);

 private:
  const std::string key_;
  const std::string machine_;
  http::Pace wrong_keys_{{.burst = 20, .a_second = 1}};
};

/// 128 bits, in hexadecimal digits.
std::string new_key();

}  // namespace mw::dashboard
