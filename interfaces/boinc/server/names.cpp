#include "boinc/server/names.hpp"

#include <fmt/format.h>

#include "boinc/protocol/md5.hpp"
#include "parse/number.hpp"

namespace mw::boinc {
namespace {

constexpr std::string_view input_end = "_in";
constexpr std::string_view output_end = "_0";  // the first and only output

/// Takes a number off the front.
std::optional<std::int64_t> take_number(std::string_view& text) {
  const auto number = parse::take_number<std::int64_t>(text);
  return number && *number >= 0 ? number : std::nullopt;
}

bool take(std::string_view& text, std::string_view what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(what.size());
  return true;
}

}  // namespace

Names::Names(std::string_view app, std::string secret)
    : secret_{std::move(secret)}, prefix_{fmt::format("{}_{}_", app, md5_hex(secret_ + "names").substr(0, 6))} {}

std::string Names::workunit(std::int64_t id) const { return prefix_ + std::to_string(id); }
std::string Names::instance(InstanceNumber number) const { return fmt::format("{}{}_{}", prefix_, number.workunit, number.number); }
std::string Names::input(std::int64_t workunit) const { return fmt::format("{}{}{}", prefix_, workunit, input_end); }

std::string Names::output(InstanceNumber number) const {
  const std::string name = instance(number);
  return fmt::format("{}_r{}{}", name, md5_hex(secret_ + name).substr(0, 16), output_end);
}

std::string Names::data_file(std::int64_t id, std::string_view md5) const { return fmt::format("{}data_{}_{}", prefix_, id, md5); }

std::optional<InstanceNumber> Names::find_instance(std::string_view name) const {
  if (!take(name, prefix_)) return std::nullopt;
  const auto workunit = take_number(name);
  if (!workunit || !take(name, "_")) return std::nullopt;
  const auto number = take_number(name);
  return number && name.empty() ? std::optional{InstanceNumber{*workunit, *number}} : std::nullopt;
}

std::optional<std::int64_t> Names::find_input(std::string_view name) const {
  if (!take(name, prefix_)) return std::nullopt;
  const auto workunit = take_number(name);
  return workunit && name == input_end ? workunit : std::nullopt;
}

std::optional<InstanceNumber> Names::find_output(std::string_view name) const {
  const auto end = name.rfind("_r");
  if (end == std::string_view::npos) return std::nullopt;
  const auto number = find_instance(name.substr(0, end));
  return number && output(*number) == name ? number : std::nullopt;
}

std::optional<std::int64_t> Names::find_data_file(std::string_view name) const {
  if (!take(name, prefix_) || !take(name, "data_")) return std::nullopt;
  const auto id = take_number(name);
  return id && take(name, "_") && is_md5(name) ? id : std::nullopt;
}

}  // namespace mw::boinc
