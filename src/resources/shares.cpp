#include "resources/shares.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mw/error.hpp>

namespace mw::resources {

std::string label_error(std::string_view label) {
  if (label.empty()) return "it is empty";
  if (label.size() > longest_label) return fmt::format("it is longer than {} bytes", longest_label);
  for (const char c : label)
    if (static_cast<unsigned char>(c) <= ' ' || c == ',' || c == '"' || c == '\'' || c == 0x7f)
      return "it has blanks, commas, quotes or control characters in it";
  return {};
}

void check(const Shares& shares, std::string_view who) {
  if (shares.gpus && *shares.gpus > most_gpus)
    throw UsageError{fmt::format("{}: {} GPUs are more than {}", who, *shares.gpus, most_gpus)};
  if (shares.labels.size() > most_labels)
    throw UsageError{fmt::format("{}: {} labels are more than {}", who, shares.labels.size(), most_labels)};
  for (const std::string& label : shares.labels)
    if (const std::string why = label_error(label); !why.empty())
      throw UsageError{fmt::format("{}: the label \"{}\" is none: {}", who, label, why)};
}

std::vector<Resources> shares_of(const Machine& machine, const Shares& told, unsigned slots) {
  slots = std::max(slots, 1u);
  const std::size_t each = machine.gpus.size() / slots, one_more = machine.gpus.size() % slots;
  std::vector<Resources> shares(slots);
  auto next = machine.gpus.begin();
  for (unsigned slot = 0; slot < slots; ++slot) {
    Resources& share = shares[slot];
    share.cores = told.cores != 0 ? told.cores : std::max(machine.cores / slots, 1u);
    share.memory = told.memory != 0 ? told.memory : machine.memory / slots;
    share.labels = told.labels;
    const auto end = next + static_cast<std::ptrdiff_t>(each + (slot < one_more));
    share.gpus.assign(next, end);
    next = end;
  }
  return shares;
}

/// ROCR_VISIBLE_DEVICES would renumber the devices that HIP_VISIBLE_DEVICES then chooses among. An empty
/// HIP_VISIBLE_DEVICES is none; -1 is no device.
std::vector<std::pair<std::string, std::string>> environment_of(const Resources& has, bool was_told) {
  if (has.gpus.empty() && !was_told) return {};
  const std::string list = fmt::format("{}", fmt::join(has.gpus, ","));
  return {{"CUDA_VISIBLE_DEVICES", list}, {"HIP_VISIBLE_DEVICES", list.empty() ? "-1" : list}};
}

}  // namespace mw::resources
