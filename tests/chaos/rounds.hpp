// What the checker does with a master, round after round.
//
// What:    each round submits some tasks of one kind, in one of the ways that there are, and checks that each comes
//          back exactly once with the right value, or with the error that is due.
// Owner:   refers to the world and the tally.
// Threads: one Rounds a thread; several may share a world.
// Use:
//     Rounds{world, seed, tally}.run_until(end);
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "chaos/functions.hpp"
#include "chaos/tally.hpp"
#include "chaos/world.hpp"

namespace chaos {

class Rounds {
 public:
  /// `scale`: how many tasks a round has, about; an interface with a long way has fewer.
  Rounds(World& world, std::uint64_t seed, std::size_t scale, std::string input_file, Tally& tally);
  void run_until(std::chrono::steady_clock::time_point end);

 private:
  std::uint64_t any() { return random_(); }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  std::size_t some_tasks() { return 1 + below(scale_); }
  std::uint32_t some_time();
  std::size_t some_words();
  mw::TaskOptions some_options();
  Order some_order();
  std::pair<std::vector<Order>, std::vector<mw::Task<Reply>>> submit_some_orders();
  void check(const Order& order, const Reply& reply, const std::string& where);
  void check_value(std::uint64_t seed, std::uint64_t value, const std::string& where);
  void wrong(const std::string& where, const std::string& what);
  void check_failed(const std::string& where, const mw::TaskError& error, mw::Cause due);
  void check_whole(const std::string& where, std::uint64_t got, std::uint64_t due);

  void one_by_one();
  void as_they_are_done();
  void any_of_some();
  void ordered_map();
  void gently_paced_map();
  void unordered_map();
  void fold();
  void failures();
  void cancellations();
  void time_limits();
  void programs();
  void data_files();

  World& world_;
  std::mt19937_64 random_;
  const std::size_t scale_;
  const std::string input_file_;
  Tally& tally_;
};

}  // namespace chaos
