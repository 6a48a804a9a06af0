#include "registry/registry.hpp"

#include <cxxabi.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <unordered_map>

#include <fmt/format.h>

/// Of the sources that the program was made of: mw_add_app puts it into an application and its worker builds (cmake/BuildStamp.cmake).
extern "C" {
[[gnu::weak]] extern const char mw_build_stamp[];
}

namespace mw {
namespace {

/// The newest entry; each points to the one before. Constant-initialised, so it is there before any entry is.
constinit std::atomic<const detail::FunctionEntry*> newest{nullptr};

std::uint64_t fnv1a(std::string_view text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

std::string demangle(const std::string& mangled) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text{abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status),
                                                         &std::free};
  return status == 0 ? text.get() : mangled;
}

/// The function in a Tag: "N2mw6detail3TagIXadL_Z6triplei" and four E's hold "_Z6triplei" (Itanium C++ ABI 5.1.6.3).
std::string inner_name(const std::string& tag) {
  const auto begin = tag.find("XadL_Z");
  return begin != std::string::npos && tag.ends_with("EEEE") ? tag.substr(begin + 4, tag.size() - begin - 8) : std::string{};
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
}

/// Lambdas, and templates whose mangled name refers to the tag around it, are shown as the demangler has the whole tag.
std::string name_in(const std::type_info& tag) {
  const std::string inner = inner_name(tag.name());
  if (std::string text = demangle(inner); text != inner) return text;
  std::string text = demangle(tag.name());
  const auto open = text.find("Tag<");
  if (open != std::string::npos && text.back() == '>') text = text.substr(open + 4, text.size() - open - 5);
  if (text.starts_with("&(") && text.ends_with(")")) text = text.substr(2, text.size() - 3);
  if (text.ends_with("{}")) text.resize(text.size() - 2);
  return text;
}

/// A function as people write it.
std::string readable(const std::type_info& tag) {
  std::string text = name_in(tag);
  replace_all(text, "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string");
  return text;
}

struct Index {
  const detail::FunctionEntry* built_up_to = nullptr;
  std::unordered_map<std::uint64_t, const detail::FunctionEntry*> by_id;
  std::unordered_map<std::uint64_t, bool> ambiguous;
  std::unordered_map<const detail::FunctionEntry*, std::string> names;
  std::uint64_t identity = 0;
};

/// The index, brought up to date with entries that a library loaded later has added. Call with `index_mutex` held.
std::mutex index_mutex;
Index& index() {
  static Index index;
  const auto* first = newest.load(std::memory_order_acquire);
  for (const auto* entry = first; entry != index.built_up_to; entry = entry->next()) {
    const bool is_new = index.by_id.try_emplace(entry->id(), entry).second;
    if (is_new)
      index.identity ^= fnv1a(entry->tag().name()) * 0x9e3779b97f4a7c15;
    else
      index.ambiguous[entry->id()] = true;
    index.names[entry] = readable(entry->tag());
  }
  index.built_up_to = first;
  return index;
}

}  // namespace

namespace detail {

FunctionEntry::FunctionEntry(const std::type_info& tag_type, const std::type_info& result_type, Call function,
                             FindFloats floats) noexcept
    : tag_{&tag_type},
      result_{&result_type},
      call_{function},
      find_floats_{floats},
      id_{fnv1a(tag_type.name())},
      next_{newest.load(std::memory_order_relaxed)} {
  do {
    number_ = next_ == nullptr || next_->number_ == UINT16_MAX ? (next_ ? UINT16_MAX : std::uint16_t{0})
                                                               : static_cast<std::uint16_t>(next_->number_ + 1);
  } while (!newest.compare_exchange_weak(next_, this, std::memory_order_release, std::memory_order_relaxed));
}

std::string_view FunctionEntry::name() const {
  std::lock_guard lock{index_mutex};
  return index().names.at(this);
}

const FunctionEntry& check_unambiguous(const FunctionEntry& entry) {
  std::lock_guard lock{index_mutex};
  if (!index().ambiguous.contains(entry.id())) return entry;
  throw UsageError{
      fmt::format("two functions are named \"{}\", and a worker could not tell which one is meant: give each a name of its own, "
                  "outside unnamed namespaces",
                  index().names.at(&entry))};
}

}  // namespace detail

namespace registry {

const detail::FunctionEntry* find(std::uint64_t id) {
  std::lock_guard lock{index_mutex};
  auto& entries = index().by_id;
  auto place = entries.find(id);
  return place == entries.end() ? nullptr : place->second;
}

std::uint64_t program_identity() {
  std::lock_guard lock{index_mutex};
  return index().identity ^ (build_stamp().empty() ? 0 : fnv1a(build_stamp()));
}

std::string_view build_stamp() noexcept { return mw_build_stamp ? mw_build_stamp : std::string_view{}; }

}  // namespace registry
}  // namespace mw
