#include "run/command_template.hpp"

#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "parse/number.hpp"
#include "process/command_line.hpp"

namespace mw::run {
namespace {

/// What stands in braces.
struct Mark {
  enum class What : std::uint8_t { value, number, place } what = What::value;
  std::size_t which = 0;  ///< of the values, from 1; 0: all
  std::string_view form;  ///< "", ".", "/", "//", "/."
};

bool is_form(std::string_view text) { return text.empty() || text == "." || text == "/" || text == "//" || text == "/."; }

std::optional<Mark> mark_of(std::string_view inside) {
  if (inside == "#") return Mark{Mark::What::number, 0, {}};
  if (inside == "%") return Mark{Mark::What::place, 0, {}};
  Mark mark;
  if (!inside.empty() && inside.front() >= '1' && inside.front() <= '9') {
    const auto number = parse::take_number<std::size_t>(inside);
    if (!number) return std::nullopt;
    mark.which = *number;
  }
  if (!is_form(inside)) return std::nullopt;
  mark.form = inside;
  return mark;
}

/// Calls text(…) and mark(…) for what it is made of, in order.
template <class Text, class OnMark>
void take_apart(std::string_view word, const Text& text, const OnMark& on_mark) {
  std::size_t begin = 0;
  for (std::size_t at = word.find('{'); at != word.npos; at = word.find('{', at + 1)) {
    const auto end = word.find('}', at);
    if (end == word.npos) break;
    const auto mark = mark_of(word.substr(at + 1, end - at - 1));
    if (!mark) continue;
    text(word.substr(begin, at - begin));
    on_mark(*mark);
    begin = end + 1;
    at = end;
  }
  text(word.substr(begin));
}

std::string in_form(const std::string& value, std::string_view form) {
  const auto slash = value.rfind('/');
  if (form == "//") return slash == value.npos ? "." : slash == 0 ? "/" : value.substr(0, slash);
  std::string result = value;
  if (form == "." || form == "/.") {
    const auto dot = value.rfind('.');
    if (dot != value.npos && (slash == value.npos || dot > slash)) result.erase(dot);
  }
  if ((form == "/" || form == "/.") && slash != value.npos) result.erase(0, slash + 1);
  return result;
}

std::vector<std::string> values_of(const Mark& mark, const Row& row) {
  std::vector<std::string> values;
  if (mark.which > row.size()) return values;
  if (mark.which != 0) return {in_form(row[mark.which - 1], mark.form)};
  for (const std::string& value : row) values.push_back(in_form(value, mark.form));
  return values;
}

bool has_mark(std::string_view word) {
  bool has = false;
  take_apart(
      word, [](std::string_view) {}, [&](const Mark&) { has = true; });
  return has;
}

}  // namespace

CommandTemplate::CommandTemplate(std::vector<std::string> words, bool for_shell, bool takes_values)
    : words_{std::move(words)}, for_shell_{for_shell} {
  bool has_one = !takes_values;
  for (const std::string& word : words_) has_one = has_one || has_mark(word);
  if (!has_one) words_.emplace_back("{}");
}

Words CommandTemplate::of(const Row& row, std::uint64_t number) const {
  Words result;
  for (const std::string& word : words_) {
    // A word that is nothing but values becomes as many words as there are values.
    std::size_t texts = 0, marks = 0;
    std::optional<Mark> only;
    take_apart(
        word, [&](std::string_view text) { texts += text.size(); }, [&](const Mark& mark) { ++marks, only = mark; });
    if (!for_shell_ && texts == 0 && marks == 1 && only->what == Mark::What::value) {
      for (std::string& value : values_of(*only, row)) result.words.push_back(std::move(value));
      continue;
    }
    std::string made;
    take_apart(
        word, [&](std::string_view text) { made += text; },
        [&](const Mark& mark) {
          if (mark.what == Mark::What::number) made += std::to_string(number);
          if (mark.what == Mark::What::place)
            result.places.emplace_back(static_cast<std::uint32_t>(result.words.size()), static_cast<std::uint32_t>(made.size()));
          if (mark.what != Mark::What::value) return;
          bool is_first = true;
          for (const std::string& value : values_of(mark, row)) {
            if (!std::exchange(is_first, false)) made += ' ';
            made += for_shell_ ? process::quoted(value) : value;
          }
        });
    result.words.push_back(std::move(made));
  }
  if (!for_shell_) return result;
  Words line;
  std::string& text = line.words.emplace_back();
  std::vector<std::size_t> begins;
  for (const std::string& word : result.words) {
    if (!text.empty()) text += ' ';
    begins.push_back(text.size());
    text += word;
  }
  for (const auto& [word, at] : result.places) line.places.emplace_back(0, static_cast<std::uint32_t>(begins[word] + at));
  return line;
}

std::string CommandTemplate::text_of(const std::string& text, const Row& row, std::uint64_t number) {
  std::string made;
  take_apart(
      text, [&](std::string_view part) { made += part; },
      [&](const Mark& mark) {
        if (mark.what == Mark::What::number) made += std::to_string(number);
        if (mark.what == Mark::What::value) made += fmt::format("{}", fmt::join(values_of(mark, row), " "));
      });
  return made;
}

std::string shown(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + process::quoted(word);
  return line;
}

}  // namespace mw::run
