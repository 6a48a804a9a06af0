#include "error/exception_text.hpp"

#include <cxxabi.h>

#include <exception>

#include "registry/readable.hpp"

namespace mw::detail {
namespace {

/// A chain that is longer than this is a mistake.
constexpr int most_nested = 32;

std::string own_text(const std::exception& exception) {
  const char* const text = exception.what();
  return text ? text : "an exception whose what() is null";
}

std::exception_ptr nested_in(const std::exception& exception) {
  const auto* outer = dynamic_cast<const std::nested_exception*>(&exception);
  return outer ? outer->nested_ptr() : nullptr;
}

void append_text(std::string& text, int depth) {
  std::exception_ptr inner;
  try {
    throw;
  } catch (const std::exception& e) {
    text += own_text(e);
    inner = nested_in(e);
  } catch (const std::nested_exception& e) {
    text += "an exception that is no std::exception";
    inner = e.nested_ptr();
  } catch (const std::string& said) {
    text += said;
  } catch (const char* said) {
    text += said ? said : "a null pointer";
  } catch (...) {
    text += "an exception that is no std::exception";
  }
  if (!inner || depth == most_nested) return;
  try {
    std::rethrow_exception(inner);
  } catch (...) {
    text += "; caused by ";
    if (const std::string type = exception_type(); !type.empty()) text += type + ": ";
    append_text(text, depth + 1);
  }
}

}  // namespace

std::string exception_text() {
  std::string text;
  append_text(text, 0);
  return text;
}

std::string exception_type() {
  const std::type_info* const type = abi::__cxa_current_exception_type();
  if (!type) return {};
  std::string name = registry::readable_type(*type);
  // What std::throw_with_nested makes of the type that was thrown.
  constexpr std::string_view wrapper = "std::_Nested_exception<";
  if (name.starts_with(wrapper) && name.ends_with('>')) name = name.substr(wrapper.size(), name.size() - wrapper.size() - 1);
  return name;
}

}  // namespace mw::detail
