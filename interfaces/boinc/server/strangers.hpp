// What strangers are allowed, and what is said of them.
//
// What:    how often one address may come with a wrong key, guess a password or make an account; and log lines that are
//          said once and counted. An address is all of an IPv6 network that one customer has (/64). Who has the right
//          key is never asked.
// Owner:   values.
// Threads: the server's.
// Use:
//     if (!strangers.wrong_keys.take(http::network_of(address), Clock::now())) …429…
#pragma once

#include <chrono>
#include <string_view>

#include "http/pace.hpp"
#include "log/log.hpp"
#include "log/repeated.hpp"

namespace mw::boinc {

struct Strangers {
  // A hundred volunteers behind one address that all have yesterday's key ask once an hour each.
  http::Pace wrong_keys{{.burst = 200, .a_second = 2}};
  // Passwords, by address and by account: a person errs a few times.
  http::Pace wrong_passwords{{.burst = 30, .a_second = 0.1}};
  http::Pace wrong_for_account{{.burst = 20, .a_second = 0.02}};
  // A class of pupils, at once.
  http::Pace new_accounts{{.burst = 100, .a_second = 0.1}};
  log::Repeated repeated{};

  void warn(std::string_view kind, std::string_view text) {
    if (const auto line = repeated.line(kind, text, std::chrono::steady_clock::now())) log::warn(*line);
  }
};

}  // namespace mw::boinc
