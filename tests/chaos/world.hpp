// A master whose interface may be shot: it gets another one then, and what was being done goes on.
//
// What:    World has the master; survive() does something with it, again when the interface failed meanwhile.
// Owner:   owns the master.
// Threads: any, as the master.
// Use:
//     const Reply reply = world.survive([&] { return world.master().get_result(task); });
#pragma once

#include <mw/mw.hpp>

#include <atomic>
#include <mutex>
#include <string>
#include <utility>

#include "chaos/tally.hpp"

namespace chaos {

class World {
 public:
  World(std::string spec, mw::MasterOptions options, bool may_fail, Tally& tally);

  mw::Master& master() noexcept { return master_; }
  const std::string& spec() const noexcept { return spec_; }

  /// What `call` returns. An InterfaceError is survived where the interface may fail: another interface, and once more.
  template <class Call>
  auto survive(const Call& call) {
    while (true) {
      const unsigned generation = generation_;
      try {
        return call();
      } catch (const mw::InterfaceError& e) {
        renew(generation, e.what());
      }
    }
  }

 private:
  void renew(unsigned generation, const std::string& why);

  const std::string spec_;
  const bool may_fail_;
  Tally& tally_;
  std::mutex mutex_;
  std::atomic<unsigned> generation_{0};
  mw::Master master_;
};

}  // namespace chaos
