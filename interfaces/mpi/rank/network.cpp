#include "mpi/rank/network.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "process/route.hpp"

namespace mw::mpi {

namespace fs = std::filesystem;

std::string devices_for(const std::vector<std::string>& towards, const std::vector<std::string>& networks,
                        const std::vector<std::string>& infiniband) {
  std::vector<std::string> devices;
  for (const std::string& network : networks)
    if (std::find(towards.begin(), towards.end(), network) != towards.end()) devices.push_back(network);
  if (devices.empty() || devices.size() == networks.size()) return {};
  devices.insert(devices.end(), infiniband.begin(), infiniband.end());
  return fmt::format("{}", fmt::join(devices, ","));
}

std::vector<std::string> infiniband_ports(const std::string& root) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& device : fs::directory_iterator{root, error})
    for (const auto& port : fs::directory_iterator{device.path() / "ports", error})
      found.push_back(fmt::format("{}:{}", device.path().filename().string(), port.path().filename().string()));
  std::sort(found.begin(), found.end());
  return found;
}

std::string devices_towards(const std::string& peers) {
  const auto networks = process::networks();
  if (networks.size() < 2) return {};
  std::vector<std::string> towards;
  std::istringstream list{peers};
  for (std::string peer; list >> peer;)
    if (auto network = process::network_towards(peer)) towards.push_back(std::move(*network));
  return devices_for(towards, networks, infiniband_ports());
}

}  // namespace mw::mpi
