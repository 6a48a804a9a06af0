// Value::from_json(). Boost.JSON reads some doubles an ulp off (1.81), and has no NaN.
#include <charconv>
#include <limits>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <mw/error.hpp>
#include <mw/value.hpp>

#include "codec/utf8.hpp"

namespace mw {
namespace {

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_{text} {}

  Value whole() {
    Value value = next(0);
    skip_space();
    if (at_ != text_.size()) fail("something follows the value");
    return value;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const { fail_at(at_, what); }
  [[noreturn]] void fail_at(std::size_t at, std::string_view what) const {
    throw CodecError{fmt::format("a JSON text of {} bytes is wrong at byte {}: {}", text_.size(), at, what)};
  }

  void skip_space() noexcept {
    while (at_ < text_.size() && std::string_view{" \t\r\n"}.find(text_[at_]) != std::string_view::npos) ++at_;
  }
  /// The next character that is no space; 0 at the end.
  char look() noexcept {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char wanted) noexcept {
    if (look() != wanted) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) noexcept {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  Value next(int depth) {
    switch (look()) {
      case '[': return array(depth);
      case '{': return object(depth);
      case '"': return string();
      default: return word_or_number();
    }
  }

  void check_depth(int depth) const {
    if (depth == Value::deepest) fail(fmt::format("arrays and objects lie more than {} deep in each other", Value::deepest));
  }

  Value array(int depth) {
    check_depth(depth);
    ++at_;
    Value::Array values;
    if (take(']')) return values;
    do values.push_back(next(depth + 1));
    while (take(','));
    if (!take(']')) fail("an array goes on with ',' or ends with ']'");
    return values;
  }

  Value object(int depth) {
    check_depth(depth);
    ++at_;
    Value::Object values;
    if (take('}')) return values;
    do {
      if (look() != '"') fail("a name in an object is a text");
      const std::size_t at = at_;
      std::string key = string();
      if (!take(':')) fail("a name in an object is followed by ':'");
      Value value = next(depth + 1);
      if (!values.try_emplace(std::move(key), std::move(value)).second) fail_at(at, "an object has this name twice");
    } while (take(','));
    if (!take('}')) fail("an object goes on with ',' or ends with '}'");
    return values;
  }

  Value word_or_number() {
    if (take_word("null")) return {};
    if (take_word("true")) return true;
    if (take_word("false")) return false;
    if (take_word("NaN")) return std::numeric_limits<double>::quiet_NaN();
    if (take_word("Infinity")) return std::numeric_limits<double>::infinity();
    if (take_word("-Infinity")) return -std::numeric_limits<double>::infinity();
    return number();
  }

  bool take_digits() noexcept {
    const std::size_t before = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ != before;
  }
  bool take_one_of(std::string_view characters) noexcept {
    if (at_ == text_.size() || characters.find(text_[at_]) == std::string_view::npos) return false;
    ++at_;
    return true;
  }

  Value number() {
    const std::size_t begin = at_;
    take_one_of("-");
    const std::size_t digits = at_;
    if (!take_digits()) fail_at(begin, "this is no value");
    if (text_[digits] == '0' && at_ - digits > 1) fail_at(begin, "a number begins with a 0 that says nothing");
    bool is_whole = true;
    if (take_one_of(".")) {
      is_whole = false;
      if (!take_digits()) fail("digits follow the '.' of a number");
    }
    if (take_one_of("eE")) {
      is_whole = false;
      take_one_of("+-");
      if (!take_digits()) fail("digits follow the exponent's sign");
    }
    const std::string_view text = text_.substr(begin, at_ - begin);
    return is_whole ? Value{whole_number(text, begin)} : Value{floating_point_number(text, begin)};
  }

  std::int64_t whole_number(std::string_view text, std::size_t at) const {
    std::int64_t number = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{})
      fail_at(at, "a whole number of more than 63 bits and a sign");
    return number;
  }

  double floating_point_number(std::string_view text, std::size_t at) const {
    double number = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{})
      fail_at(at, "a number that is too large, or too close to 0, for a double");
    return number;
  }

  std::string string() {
    const std::size_t begin = ++at_;
    std::string text;
    while (true) {
      const std::size_t end = std::min(text_.find_first_of("\"\\", at_), text_.size());
      for (std::size_t i = at_; i < end; ++i)
        if (static_cast<unsigned char>(text_[i]) < 0x20) fail_at(i, "a text has a control character in it");
      text += text_.substr(at_, end - at_);
      at_ = end;
      if (at_ == text_.size()) fail_at(begin, "a text has no end");
      if (text_[at_++] == '"') break;
      text += escaped();
    }
    if (find_no_utf8(text)) fail_at(begin, "a text is no UTF-8");
    return text;
  }

  std::string escaped() {
    if (at_ == text_.size()) fail("a text has no end");
    const char c = text_[at_++];
    constexpr std::string_view from = "\"\\/bfnrt", to = "\"\\/\b\f\n\r\t";
    if (const auto place = from.find(c); place != from.npos) return {to[place]};
    if (c != 'u') fail("'\\' and this character stand for nothing");
    std::uint32_t point = four_digits();
    const bool is_first_half = point >= 0xd800 && point < 0xdc00;
    if (is_first_half) {
      if (!take_word("\\u")) fail("half of a character of two");
      const std::uint32_t second = four_digits();
      if (second < 0xdc00 || second > 0xdfff) fail("half of a character of two");
      point = 0x10000 + ((point - 0xd800) << 10) + (second - 0xdc00);
    } else if (point >= 0xdc00 && point <= 0xdfff) {
      fail("half of a character of two");
    }
    std::string text;
    boost::locale::utf::utf_traits<char>::encode(point, std::back_inserter(text));
    return text;
  }

  std::uint32_t four_digits() {
    const std::string_view text = text_.substr(at_, 4);
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    if (text.size() < 4 || error != std::errc{} || end != text.data() + 4) fail("four hexadecimal digits follow \\u");
    at_ += 4;
    return number;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Value Value::from_json(std::string_view text) { return JsonReader{text}.whole(); }

}  // namespace mw
