// What strangers are allowed, and what is said of them.
//
// What:    how often one address may come with a wrong key, guess a password or make an account; and log lines that are said once and
//          counted. An address is all of an IPv6 network that one customer has (/64). Who has the right key is never asked.
// Owner:   values.
// Threads: the server's.
// Use:
//     if (!strangers.wrong_keys.take(network_of(address), Clock::now())) …429…
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <boost/asio/ip/address.hpp>

#include "boinc/policy/pace.hpp"
#include "log/log.hpp"
#include "log/repeated.hpp"

namespace mw::boinc {

inline std::string network_of(const boost::asio::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, v6).to_string();
  constexpr std::size_t network_bytes = 8;
  auto bytes = v6.to_bytes();
  std::fill(bytes.begin() + network_bytes, bytes.end(), 0);
  return boost::asio::ip::address_v6{bytes}.to_string();
}

struct Strangers {
  // A hundred volunteers behind one address that all have yesterday's key ask once an hour each.
  Pace wrong_keys{{.burst = 200, .a_second = 2}};
  // Passwords, by address and by account: a person errs a few times.
  Pace wrong_passwords{{.burst = 30, .a_second = 0.1}};
  Pace wrong_for_account{{.burst = 20, .a_second = 0.02}};
  // A class of pupils, at once.
  Pace new_accounts{{.burst = 100, .a_second = 0.1}};
  log::Repeated repeated{};

  void warn(std::string_view kind, std::string_view text) {
    if (const auto line = repeated.line(kind, text, std::chrono::steady_clock::now())) log::warn(*line);
  }
};

}  // namespace mw::boinc
