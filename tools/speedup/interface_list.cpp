#include "speedup/interface_list.hpp"

#include <algorithm>
#include <string_view>

#include "names.hpp"

namespace mw::tool {

std::vector<std::string> interfaces_in(const std::string& text) {
  const auto begins_one = [&](std::string_view rest) {
    return std::ranges::any_of(backend_names, [rest](std::string_view name) {
      return rest.starts_with(name) &&
             (rest.size() == name.size() || std::string_view{",:?+"}.find(rest[name.size()]) != std::string_view::npos);
    });
  };
  std::vector<std::string> found;
  std::size_t start = 0;
  for (std::size_t comma = 0; (comma = text.find(',', comma)) != std::string::npos; ++comma) {
    const bool has_options = std::string_view{text}.substr(start, comma - start).find('=') != std::string_view::npos;
    if (has_options && !begins_one(std::string_view{text}.substr(comma + 1))) continue;
    found.push_back(text.substr(start, comma - start));
    start = comma + 1;
  }
  found.push_back(text.substr(start));
  return found;
}

}  // namespace mw::tool
