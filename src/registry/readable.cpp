#include "registry/readable.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <string_view>

namespace mw::registry {
namespace {

std::string demangle(const std::string& mangled) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text{abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status),
                                                         &std::free};
  return status == 0 ? text.get() : mangled;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
}

/// Where the template arguments end that begin behind a '<': the place of its '>', or npos.
std::size_t end_of_arguments(std::string_view text, std::size_t begin) {
  int angles = 1;
  int others = 0;
  for (std::size_t at = begin; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '(' || c == '{' || c == '[') ++others;
    if (c == ')' || c == '}' || c == ']') --others;
    if (c == '<') ++angles;
    if (c == '>' && --angles == 0) return others == 0 ? at : std::string_view::npos;
  }
  return std::string_view::npos;
}

/// Without ", std::allocator<…>" and its kind, which stand for what nobody wrote.
void drop_defaults(std::string& text) {
  for (const std::string_view name :
       {", std::char_traits<", ", std::allocator<", ", std::less<", ", std::hash<", ", std::equal_to<", ", std::default_delete<"}) {
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
      const auto end = end_of_arguments(text, at + name.size());
      if (end == std::string::npos) break;
      text.erase(at, end + 1 - at);
    }
  }
}

std::string as_written(std::string text) {
  replace_all(text, "std::__cxx11::", "std::");
  replace_all(text, "std::__1::", "std::");
  drop_defaults(text);
  replace_all(text, " >", ">");
  replace_all(text, "std::basic_string<char>", "std::string");
  replace_all(text, "std::basic_string_view<char>", "std::string_view");
  return text;
}

/// "int half<int>(int)": the demangler shows what a function template returns, and nobody calls it so.
std::string without_result(const std::string& text) {
  if (!text.ends_with(')')) return text;
  int depth = 0;
  bool is_behind_parameters = false;
  for (std::size_t at = text.size(); at-- > 0;) {
    const char c = text[at];
    if (c == ')' || c == '>' || c == '}') ++depth;
    if (c == '(' || c == '<' || c == '{') {
      --depth;
      is_behind_parameters = true;
    }
    if (depth == 0 && c == ' ' && is_behind_parameters) return text.substr(at + 1);
  }
  return text;
}

/// Out of the template argument "~(f(int))" or "main::{lambda(int)#1}{}".
std::string function_of(std::string argument) {
  if (argument.starts_with("~(") && argument.ends_with(')')) return without_result(argument.substr(2, argument.size() - 3));
  if (argument.ends_with("{}")) argument.resize(argument.size() - 2);
  return argument;
}

/// The first template argument behind `name`; empty if there is none.
std::string first_argument(const std::string& text, std::string_view name) {
  const auto place = text.find(name);
  if (place == std::string::npos) return {};
  const auto begin = place + name.size();
  int depth = 0;
  for (std::size_t at = begin; at < text.size(); ++at) {
    const char c = text[at];
    if (depth == 0 && (c == ',' || c == '>')) return text.substr(begin, at - begin);
    if (c == '(' || c == '<' || c == '{') ++depth;
    if (c == ')' || c == '>' || c == '}') --depth;
  }
  return {};
}

}  // namespace

std::string readable_type(const std::type_info& type) { return as_written(demangle(type.name())); }

std::string readable_function(const std::type_info& tag) {
  // The demangler leaves out the parameters of a function whose address is taken ("ad"), not those of one that ~ is
  // applied to ("co").
  std::string mangled = tag.name();
  replace_all(mangled, "XadL_Z", "XcoL_Z");
  const std::string text = as_written(demangle(mangled));
  if (const auto f = first_argument(text, "mw::detail::MapChunk<"); !f.empty()) return "map of " + function_of(f);
  if (const auto f = first_argument(text, "mw::detail::ReduceChunk<"); !f.empty()) return "map_reduce of " + function_of(f);
  if (const auto f = first_argument(text, "mw::detail::CallObject<"); !f.empty()) return function_of(f);
  if (const auto type = first_argument(text, "mw::detail::MakeObject<"); !type.empty()) return "create of " + type;
  if (const auto f = first_argument(text, "mw::detail::WithShared<"); !f.empty()) return function_of(f);
  const auto f = first_argument(text, "mw::detail::Tag<");
  return f.empty() ? text : function_of(f);
}

}  // namespace mw::registry
