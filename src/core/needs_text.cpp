#include "core/needs_text.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mw::core {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  if (parts.empty()) return {};
  if (parts.size() == 1) return parts.front();
  return fmt::format("{} and {}", fmt::join(parts.begin(), parts.end() - 1, ", "), parts.back());
}

std::string count_of(std::size_t count, std::string_view one) {
  return count == 0 ? fmt::format("no {}", one) : fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::string text_of_memory(std::uint64_t bytes) {
  if (bytes == 0) return "no memory that is known of";
  const auto size = static_cast<double>(bytes);
  if (bytes >= GiB(1)) return fmt::format("{:.3g} GiB of memory", size / static_cast<double>(GiB(1)));
  if (bytes >= MiB(1)) return fmt::format("{:.3g} MiB of memory", size / static_cast<double>(MiB(1)));
  return count_of(bytes, "byte") + " of memory";
}

bool is_there(const WorkerStatus& worker) {
  return worker.state == WorkerState::idle || worker.state == WorkerState::busy || worker.state == WorkerState::stopped;
}

bool has_label(const Resources& has, const std::string& label) {
  return std::find(has.labels.begin(), has.labels.end(), label) != has.labels.end();
}

/// How many things the worker lacks.
std::size_t lacks(const Needs& needs, const Resources& has) {
  return (has.cores < needs.cores) + (has.memory < needs.memory) + (has.gpus.size() < needs.gpus) +
         static_cast<std::size_t>(std::count_if(needs.labels.begin(), needs.labels.end(),
                                                [&](const std::string& label) { return !has_label(has, label); }));
}

/// Which of two that lack as much comes closer.
bool has_more(const Resources& a, const Resources& b) {
  if (a.gpus.size() != b.gpus.size()) return a.gpus.size() > b.gpus.size();
  if (a.memory != b.memory) return a.memory > b.memory;
  return a.cores > b.cores;
}

}  // namespace

Resources resources_of(const WorkerInfo& info) {
  Resources resources = info.resources;
  if (!info.host.empty()) resources.labels.push_back("host=" + info.host);
  if (!info.platform.empty()) resources.labels.push_back("platform=" + info.platform);
  return resources;
}

std::string text_of(const Needs& needs) {
  std::vector<std::string> parts;
  if (needs.gpus != 0) parts.push_back(count_of(needs.gpus, "GPU"));
  if (needs.cores != 0) parts.push_back(count_of(needs.cores, "core"));
  if (needs.memory != 0) parts.push_back(text_of_memory(needs.memory));
  for (const std::string& label : needs.labels) parts.push_back(fmt::format("the label \"{}\"", label));
  return joined(parts);
}

std::string what_it_has(const Needs& needs, const Resources& has) {
  std::vector<std::string> parts;
  if (needs.gpus != 0) parts.push_back(count_of(has.gpus.size(), "GPU"));
  if (needs.cores != 0) parts.push_back(count_of(has.cores, "core"));
  if (needs.memory != 0) parts.push_back(text_of_memory(has.memory));
  for (const std::string& label : needs.labels)
    parts.push_back(fmt::format("{}the label \"{}\"", has_label(has, label) ? "" : "not ", label));
  return joined(parts);
}

std::string what_there_is(const Needs& needs, const std::vector<WorkerStatus>& workers) {
  const WorkerStatus* best = nullptr;
  std::size_t count = 0;
  for (const WorkerStatus& worker : workers) {
    if (!is_there(worker)) continue;
    ++count;
    const std::size_t here = lacks(needs, worker.resources), least = best ? lacks(needs, best->resources) : here + 1;
    if (here < least || (here == least && has_more(worker.resources, best->resources))) best = &worker;
  }
  if (!best) return "there is no worker";
  if (count == 1) return fmt::format("the only worker, \"{}\", has {}", best->name, what_it_has(needs, best->resources));
  return fmt::format("of the {} workers that are there, \"{}\" comes closest: it has {}", count, best->name,
                     what_it_has(needs, best->resources));
}

}  // namespace mw::core
