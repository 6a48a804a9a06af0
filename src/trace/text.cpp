#include "trace/text.hpp"

#include "log/escaped.hpp"

namespace mw::trace {

std::string json_string(std::string_view text) {
  std::string json = "\"";
  for (const char c : log::escaped(text)) {
    if (c == '"' || c == '\\') json += '\\';
    json += c;
  }
  return json += '"';
}

}  // namespace mw::trace
