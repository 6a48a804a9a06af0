#include "registry/registry.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <typeindex>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "codec/fnv1a.hpp"
#include "registry/readable.hpp"

/// Of the sources that the program was made of: mw_add_app puts it into an application and its worker builds
/// (cmake/BuildStamp.cmake).
extern "C" {
[[gnu::weak]] extern const char mw_build_stamp[];
}

namespace mw {
namespace {

/// The newest entry; each points to the one before. Constant-initialised, so it is there before any entry is.
constinit std::atomic<const detail::FunctionEntry*> newest{nullptr};

struct Index {
  const detail::FunctionEntry* built_up_to = nullptr;
  std::unordered_map<std::uint64_t, const detail::FunctionEntry*> by_id;
  std::unordered_map<std::uint64_t, bool> ambiguous;
  std::unordered_map<const detail::FunctionEntry*, std::string> names;
  std::unordered_set<const detail::FunctionEntry*> late;  ///< came after the functions were fixed
  std::uint64_t identity = 0;
  bool is_fixed = false;
};

/// The index, brought up to date with entries that a library loaded later has added. Call with `index_mutex` held.
std::mutex index_mutex;
Index& index() {
  static Index index;
  const auto* first = newest.load(std::memory_order_acquire);
  for (const auto* entry = first; entry != index.built_up_to; entry = entry->next()) {
    const bool is_new = index.by_id.try_emplace(entry->id(), entry).second;
    if (index.is_fixed) index.late.insert(entry);
    if (is_new && !index.is_fixed) index.identity ^= fnv1a(entry->tag().name()) * 0x9e3779b97f4a7c15;
    if (!is_new && !index.is_fixed) index.ambiguous[entry->id()] = true;
    index.names[entry] = registry::readable_function(entry->tag());
  }
  index.built_up_to = first;
  return index;
}

}  // namespace

namespace detail {

namespace {

/// What a C++ program says that is given a call by name.
Bytes refuse_by_name(std::span<const std::byte> arguments) { throw ByNameError{registry::refusal_by_name(arguments)}; }

}  // namespace

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

FunctionEntry::FunctionEntry(std::uint64_t number, std::string_view name, const std::type_info& result_type, Translate translation,
                             std::uint16_t kind)
    : tag_{&result_type},
      result_{&result_type},
      call_{refuse_by_name},
      find_floats_{[](std::span<const std::byte>) { return std::vector<FloatRun>{}; }},
      id_{number},
      number_{kind},
      own_name_{name},
      translate_{translation} {}

namespace {

/// What one master's thread and another's ask for is one entry.
struct ByName {
  std::mutex mutex;
  std::map<std::tuple<std::string, std::type_index, std::uint64_t>, std::unique_ptr<const FunctionEntry>> entries;
};

}  // namespace

const FunctionEntry& entry_by_name(std::uint64_t id, const std::string& name, const std::type_info& result,
                                   FunctionEntry::Translate translate) {
  if (name.empty()) throw UsageError{"mw::Remote: the name of a function is missing"};
  static auto& by_name = *new ByName;
  std::lock_guard lock{by_name.mutex};
  const auto place = by_name.entries.try_emplace({name, result, id}).first;
  if (place->second) return *place->second;
  const FunctionEntry* const last = newest.load(std::memory_order_acquire);
  const std::size_t number = (last ? last->number() : 0) + by_name.entries.size();
  place->second = std::make_unique<const FunctionEntry>(id, std::get<0>(place->first), result, translate,
                                                        static_cast<std::uint16_t>(std::min<std::size_t>(number, UINT16_MAX)));
  return *place->second;
}

std::string_view FunctionEntry::name() const {
  if (is_by_name()) return own_name_;
  std::lock_guard lock{index_mutex};
  return index().names.at(this);
}

const FunctionEntry& check_unambiguous(const FunctionEntry& entry) {
  std::lock_guard lock{index_mutex};
  const Index& functions = index();
  if (functions.late.contains(&entry))
    throw UsageError{
        fmt::format("\"{}\" came with a library that was loaded after mw::init: workers do not have it. Load the library before "
                    "mw::init, which is where a worker's main() gets to, too",
                    functions.names.at(&entry))};
  if (!functions.ambiguous.contains(entry.id())) return entry;
  throw UsageError{
      fmt::format("two functions are named \"{}\", and a worker could not tell which one is meant: give each a name of its own, "
                  "outside unnamed namespaces",
                  functions.names.at(&entry))};
}

}  // namespace detail

namespace registry {

const detail::FunctionEntry* find(std::uint64_t id) {
  std::lock_guard lock{index_mutex};
  auto& entries = index().by_id;
  auto place = entries.find(id);
  return place == entries.end() ? nullptr : place->second;
}

std::string refusal_by_name(std::span<const std::byte> arguments) {
  std::string name = "?";
  try {
    detail::InputArchive{arguments}(name);
  } catch (const CodecError&) {
    // Then it has none that could be said.
  }
  return fmt::format(
      "this worker is a C++ program and has no function \"{}\" by name: mw::Remote calls functions of Python workers "
      "(multicore:2?worker=FILE.py)",
      name);
}

void fix_functions() {
  std::lock_guard lock{index_mutex};
  index().is_fixed = true;
}

std::uint64_t program_identity() {
  std::lock_guard lock{index_mutex};
  return index().identity ^ (build_stamp().empty() ? 0 : fnv1a(build_stamp()));
}

std::string_view build_stamp() noexcept { return mw_build_stamp ? mw_build_stamp : std::string_view{}; }

}  // namespace registry
}  // namespace mw
