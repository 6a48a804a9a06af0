#include "boinc/server/shared_copies.hpp"

#include <algorithm>
#include <exception>

#include <fmt/format.h>

#include <mw/detail/shared_value.hpp>
#include <mw/detail/task_access.hpp>

namespace mw::boinc {
namespace {

void copy_value(const SharedInput& input, const std::string& path, SharedCopy& to) {
  try {
    to.file = {path, copy_file(input.from, path)};
  } catch (const std::exception& e) {
    to.error = fmt::format("a shared value of {} bytes could not be stored: {}", input.size, e.what());
  }
}

}  // namespace

std::vector<std::shared_ptr<const SharedCopy>> SharedCopies::of(const TaskRef& task) {
  std::vector<std::shared_ptr<const SharedCopy>> copies;
  const mw::detail::SharedList& values = TaskAccess::shared(task);
  const std::vector<SharedInput> inputs = task.shared();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Known& known = known_[inputs[i].number];
    // One that could not be stored may find room now.
    if (!known.copy || known.copy->has_failed) known = {values[i], make(values[i], inputs[i])};
    copies.push_back(known.copy);
  }
  if (known_.size() > looked_at_from_) drop_gone();
  return copies;
}

std::shared_ptr<SharedCopy> SharedCopies::make(const mw::detail::SharedPtr& value, const SharedInput& input) {
  auto made = std::make_shared<SharedCopy>();
  const std::string path = fmt::format("{}{}", stem_, ++made_);
  const auto store = [this, made](bool in_one) {
    made->has_failed = !made->error.empty();
    if (!made->has_failed) made->number = store_(made->file, in_one);
  };
  try {
    // The value stays as long as it is read.
    side_.run([value, input, path, made](const std::stop_token&) { copy_value(input, path, *made); }, [store] { store(false); });
  } catch (const InterfaceError&) {  // no thread: it takes long
    copy_value(input, path, *made);
    store(true);
  }
  return made;
}

void SharedCopies::drop_gone() {
  std::erase_if(known_, [](const auto& one) { return one.second.value.expired(); });
  looked_at_from_ = std::max<std::size_t>(2 * known_.size(), 64);
}

}  // namespace mw::boinc
