#include "chaos/world.hpp"

#include <cstdio>
#include <cstdlib>

namespace chaos {

World::World(std::string spec, mw::MasterOptions options, bool may_fail, Tally& tally)
    : spec_{std::move(spec)}, may_fail_{may_fail}, tally_{tally}, master_{mw::interface(spec_), std::move(options)} {}

void World::renew(unsigned generation, const std::string& why) {
  constexpr int most_tries = 10;  // who fails at once each time will not get better
  std::lock_guard lock{mutex_};
  if (generation != generation_) return;  // another thread did it
  if (!may_fail_) {
    tally_.wrong("the interface failed, and nobody had touched it: " + why);
    std::exit(1);
  }
  for (int tries = 1;; ++tries) {
    try {
      master_.set_interface(mw::interface(spec_));
      break;
    } catch (const mw::InterfaceError& e) {
      if (tries < most_tries) continue;
      tally_.wrong(std::string{"no new interface could be made: "} + e.what());
      std::exit(1);
    }
  }
  ++tally_.renewed;
  ++generation_;
}

}  // namespace chaos
