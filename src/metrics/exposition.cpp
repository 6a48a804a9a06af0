#include "metrics/exposition.hpp"

#include <iterator>

#include <fmt/format.h>

#include "log/escaped.hpp"

namespace mw::metrics {
namespace {

/// On one line and in UTF-8, then as the format wants it.
void append_label_value(std::string& text, std::string_view value) {
  for (const char c : log::escaped(value)) {
    if (c == '\\' || c == '"') text += '\\';
    text += c;
  }
}

}  // namespace

void Exposition::family(std::string_view name, std::string_view type, std::string_view help) {
  fmt::format_to(std::back_inserter(text_), "# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

void Exposition::sample(std::string_view name, Labels labels, double value) {
  text_ += name;
  char before = '{';
  for (const auto& [label, content] : labels) {
    text_ += std::exchange(before, ',');
    text_ += label;
    text_ += "=\"";
    append_label_value(text_, content);
    text_ += '"';
  }
  if (labels.size() != 0) text_ += '}';
  fmt::format_to(std::back_inserter(text_), " {}\n", value);
}

void Exposition::single(std::string_view name, std::string_view type, std::string_view help, double value) {
  family(name, type, help);
  sample(name, {}, value);
}

}  // namespace mw::metrics
