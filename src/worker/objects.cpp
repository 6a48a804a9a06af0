// The objects that live in this process.
#include <mw/object.hpp>

#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <typeinfo>
#include <unordered_map>

#include <fmt/format.h>

#include "registry/readable.hpp"

namespace mw::detail {
namespace {

struct Kept {
  std::shared_ptr<void> object;
  const std::type_info* type = nullptr;
};

class ObjectTable {
 public:
  ObjectId keep(Kept kept) {
    std::lock_guard lock{mutex_};
    objects_.emplace(++last_, std::move(kept));
    return {process_, last_};
  }
  /// Empty where it is not here.
  Kept find(const ObjectId& id) {
    std::lock_guard lock{mutex_};
    const auto place = id.process == process_ ? objects_.find(id.number) : objects_.end();
    return place == objects_.end() ? Kept{} : place->second;
  }
  /// Its destructor runs when the caller drops what is returned.
  Kept take(const ObjectId& id) {
    std::lock_guard lock{mutex_};
    const auto place = id.process == process_ ? objects_.find(id.number) : objects_.end();
    if (place == objects_.end()) return {};
    Kept kept = std::move(place->second);
    objects_.erase(place);
    return kept;
  }

 private:
  static std::uint64_t random_number() {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
  }

  const std::uint64_t process_ = random_number();  ///< process numbers are used again
  std::mutex mutex_;                               ///< serial's thread is another one for each master
  std::uint64_t last_ = 0;
  std::unordered_map<std::uint64_t, Kept> objects_;
};

/// Never destroyed: at the end of a process, what an object needs may be gone before it.
ObjectTable& object_table() {
  static auto* const table = new ObjectTable;
  return *table;
}

}  // namespace

ObjectId keep_object(std::shared_ptr<void> object, const std::type_info& type) {
  return object_table().keep({std::move(object), &type});
}

std::shared_ptr<void> find_object(const ObjectId& id, const std::type_info& type) {
  Kept kept = object_table().find(id);
  if (!kept.object)
    throw ObjectGone{fmt::format("the {} is gone: it died with its worker process, or its last handle was given up",
                                 registry::readable_type(type))};
  if (*kept.type != type) throw ObjectGone{"the object is of another class than the call"};
  return std::move(kept.object);
}

void DropObject::run(ObjectId id) { object_table().take(id); }

}  // namespace mw::detail
