#include "worker/shared_values.hpp"

#include <fmt/format.h>

#include "memory/shared_file.hpp"

namespace mw::worker {

detail::SharedList SharedValues::find(const std::vector<SharedInput>& inputs) {
  detail::SharedList list;
  list.reserve(inputs.size());
  for (const SharedInput& input : inputs) {
    std::shared_ptr<memory::SharedFile>& value = values_[input.number];
    if (!value || value->size() != input.size) {
      try {
        value = memory::SharedFile::open(input);
      } catch (...) {
        values_.erase(input.number);
        throw;
      }
    }
    list.push_back(value);
  }
  return list;
}

Failure shared_values_failed(const InterfaceError& error) {
  Failure failure;
  failure.cause = Cause::interface_error;
  failure.message = fmt::format("a shared value of its arguments could not be received: {}", error.what());
  return failure;
}

}  // namespace mw::worker
