#include "resources/machine.hpp"

#include <sys/sysinfo.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "process/cgroup.hpp"
#include "process/cores.hpp"

namespace mw::resources {
namespace {

/// Where the devices stand that a process may use.
constexpr const char* visible_devices = "CUDA_VISIBLE_DEVICES";

std::uint64_t limit_in(const std::string& folder, std::uint64_t otherwise) {
  for (const char* name : {"/memory.max", "/memory.limit_in_bytes"}) {
    std::uint64_t bytes = 0;
    if (std::ifstream{folder + name} >> bytes) return bytes;  // "max" is no number: there is no limit
  }
  return otherwise;
}

std::vector<std::string> devices_in(std::string_view text) {
  std::vector<std::string> list;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view one = text.substr(0, comma);
    if (one.empty() || one == "-1") break;  // as CUDA does: what follows is not seen
    list.emplace_back(one);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return list;
}

std::vector<std::string> numbers_up_to(std::size_t count) {
  std::vector<std::string> list;
  for (std::size_t number = 0; number < count; ++number) list.push_back(std::to_string(number));
  return list;
}

}  // namespace

std::uint64_t available_memory() {
  struct sysinfo info = {};
  return ::sysinfo(&info) == 0 ? available_memory(std::uint64_t{info.totalram} * info.mem_unit, "") : 0;
}

std::uint64_t available_memory(std::uint64_t of_machine, const std::string& root) {
  for (const auto& folder : process::cgroup_folders(root, "memory"))
    of_machine = std::min(of_machine, limit_in(folder, of_machine));
  return of_machine;
}

std::vector<std::string> available_gpus() { return available_gpus("", std::getenv(visible_devices)); }

std::vector<std::string> available_gpus(const std::string& root, const char* visible) {
  if (visible) return devices_in(visible);
  std::error_code error;
  std::size_t count = 0;
  while (std::filesystem::exists(fmt::format("{}/dev/nvidia{}", root, count), error)) ++count;
  return numbers_up_to(count);
}

Machine machine_here(std::optional<std::uint32_t> gpus) {
  Machine machine{process::available_cores(), available_memory(), {}};
  if (!gpus) {
    machine.gpus = available_gpus();
    return machine;
  }
  if (const char* const visible = std::getenv(visible_devices)) {
    machine.gpus = devices_in(visible);
    if (machine.gpus.size() < *gpus)
      throw UsageError{
          fmt::format("gpus: {} are more than the {} that {}={} names", *gpus, machine.gpus.size(), visible_devices, visible)};
    machine.gpus.resize(*gpus);
  } else {
    machine.gpus = numbers_up_to(*gpus);
  }
  return machine;
}

}  // namespace mw::resources
