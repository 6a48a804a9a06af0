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
  for (std::size_t i = 0; i < task.terms.files.size() && i < files.size(); ++i) {
    auto place = std::find(files_.begin(), files_.end(), files[i]);
    if (place == files_.end()) place = files_.insert(files_.end(), files[i]);
    task.terms.files[i].from = fmt::format("#{}{}", place - files_.begin(), files[i].ends_with('x') ? "x" : "");
  }
  wire::append(bytes_, task);
}

}  // namespace mw::boinc
