#include "boinc/jobs/bundles.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "registry/registry.hpp"
#include "wire/bundle.hpp"

namespace mw::boinc {

BundleWriter::BundleWriter(std::size_t tasks, bool is_compared) {
  wire::append(bytes_, wire::BundleHead{.identity = registry::program_identity(),
                                        .tasks = static_cast<std::uint32_t>(tasks),
                                        .is_compared = is_compared});
}

void BundleWriter::add(wire::Task task, const std::vector<std::string>& files) {
  task.id = ++count_;
  task.attempt = 1;
  const auto place_of = [this](const std::string& file) {
    auto place = std::find(files_.begin(), files_.end(), file);
    if (place == files_.end()) place = files_.insert(files_.end(), file);
    return static_cast<std::size_t>(place - files_.begin());
  };
  auto& named = task.terms.files;
  for (std::size_t i = 0; i < named.size() && i < files.size(); ++i)
    named[i].from = fmt::format("#{}{}", place_of(files[i]), files[i].ends_with('x') ? "x" : "");
  auto& shared = task.terms.shared;
  for (std::size_t i = 0; i < shared.size() && named.size() + i < files.size(); ++i) {
    const std::size_t place = place_of(files[named.size() + i]);
    shared[i] = {.number = place + 1, .size = shared[i].size, .from = fmt::format("#{}", place)};
  }
  wire::append(bytes_, task);
}

}  // namespace mw::boinc
