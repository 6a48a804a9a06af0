#include "worker/output_pattern.hpp"

#include <cstddef>
#include <optional>
#include <vector>

#include "worker/task_folder.hpp"

namespace mw::worker {
namespace {

constexpr std::string_view wildcards = "*?[";

/// Where a set that begins at `at` ends: at its ']'. The first character of a set may be a ']'.
std::optional<std::size_t> end_of_set(std::string_view pattern, std::size_t at) noexcept {
  std::size_t first = at + 1;
  if (first < pattern.size() && (pattern[first] == '!' || pattern[first] == '^')) ++first;
  const std::size_t end = pattern.find(']', first + 1);
  return end == std::string_view::npos ? std::nullopt : std::optional{end};
}

/// `set` is what stands between the brackets.
bool is_in_set(std::string_view set, unsigned char character) noexcept {
  const bool is_negated = set.front() == '!' || set.front() == '^';
  if (is_negated) set.remove_prefix(1);
  const auto at = [set](std::size_t i) { return static_cast<unsigned char>(set[i]); };
  for (std::size_t i = 0; i < set.size(); ++i) {
    const bool is_range = i + 2 < set.size() && set[i + 1] == '-';
    if (is_range ? at(i) <= character && character <= at(i + 2) : at(i) == character) return !is_negated;
    if (is_range) i += 2;
  }
  return is_negated;
}

/// Whether what stands at `at` in the pattern, and is no `*`, takes this character; then `at` goes behind it.
bool takes(std::string_view pattern, std::size_t& at, char character) noexcept {
  if (pattern[at] == '[') {
    const auto end = end_of_set(pattern, at);
    if (end) {
      if (!is_in_set(pattern.substr(at + 1, *end - at - 1), static_cast<unsigned char>(character))) return false;
      at = *end + 1;
      return true;
    }
  }
  if (pattern[at] != '?' && pattern[at] != character) return false;
  ++at;
  return true;
}

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

std::string pattern_error(std::string_view pattern) {
  if (std::string why = path_error(pattern); !why.empty()) return why;
  for (const std::string_view part : parts_of(pattern)) {
    if (part != any_folders && part.find(any_folders) != std::string_view::npos) return "has a \"**\" that is no name by itself";
    for (std::size_t at = 0; at < part.size(); ++at) {
      if (part[at] != '[') continue;
      const auto end = end_of_set(part, at);
      if (!end) return "has a '[' without its ']'";
      at = *end;
    }
  }
  if (pattern == any_folders || pattern.ends_with("/**")) return "ends with \"**\", which stands for folders: write \"**/*\"";
  return {};
}

bool is_pattern(std::string_view pattern) noexcept { return pattern.find_first_of(wildcards) != std::string_view::npos; }

/// Where it fails, the last `*` takes one character more: an earlier one need not be tried again.
bool matches_name(std::string_view pattern, std::string_view name) noexcept {
  if (name.starts_with('.') && !pattern.starts_with('.')) return false;
  std::size_t at = 0;
  std::size_t in_name = 0;
  std::optional<std::size_t> behind_star;
  std::size_t star_begins = 0;
  while (in_name < name.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      behind_star = ++at;
      star_begins = in_name;
    } else if (at < pattern.size() && takes(pattern, at, name[in_name])) {
      ++in_name;
    } else if (behind_star) {
      at = *behind_star;
      in_name = ++star_begins;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

/// The same over names in place of characters, with `**` in the place of `*`; it takes no hidden folder.
bool matches(std::string_view pattern, std::string_view path) {
  if (!path_error(path).empty()) return false;
  if (!is_pattern(pattern)) return pattern == path;
  const auto wanted = parts_of(pattern);
  const auto names = parts_of(path);
  std::size_t at = 0;
  std::size_t name = 0;
  std::optional<std::size_t> behind_any;
  std::size_t any_begins = 0;
  while (name < names.size()) {
    if (at < wanted.size() && wanted[at] == any_folders) {
      behind_any = ++at;
      any_begins = name;
    } else if (at < wanted.size() && matches_name(wanted[at], names[name])) {
      ++at;
      ++name;
    } else if (behind_any && !names[any_begins].starts_with('.')) {
      at = *behind_any;
      name = ++any_begins;
    } else {
      return false;
    }
  }
  return at == wanted.size();
}

std::string_view folder_of(std::string_view pattern) noexcept {
  const auto slash = pattern.substr(0, pattern.find_first_of(wildcards)).rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : pattern.substr(0, slash + 1);
}

std::string destination(const OutputFile& output, std::string_view path) {
  if (!output.to.ends_with('/')) return output.to;
  return output.to + std::string{path.substr(folder_of(output.from).size())};
}

}  // namespace mw::worker
