#include <mw/detail/shared_value.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <mw/error.hpp>

namespace mw::detail {
namespace {

thread_local const SharedList* values_of_thread = nullptr;

}  // namespace

void throw_bad_shared_size(std::size_t size, std::size_t of_each) {
  throw CodecError{fmt::format("a shared value of {} bytes holds no numbers of {} bytes each", size, of_each)};
}
void throw_other_shared_type() { throw CodecError{"a shared value was decoded as another type before"}; }
void throw_empty_shared() { throw UsageError{"an empty mw::Shared has no value: Master::share(value) gives one that has"}; }

std::uint32_t note_shared(SharedList* list, const SharedPtr& value) {
  if (!list)
    throw CodecError{
        "a mw::Shared is for the arguments of a task: it is no part of a result, and cannot be encoded by itself; send the value "
        "(*shared)"};
  // Mostly it is the last one again.
  const auto known = std::find(list->rbegin(), list->rend(), value);
  if (known != list->rend()) return static_cast<std::uint32_t>(list->rend() - known - 1);
  list->push_back(value);
  return static_cast<std::uint32_t>(list->size() - 1);
}

SharedScope::SharedScope(const SharedList& values) noexcept : outer_{std::exchange(values_of_thread, &values)} {}
SharedScope::~SharedScope() { values_of_thread = outer_; }

const SharedPtr& shared_argument(std::uint32_t place) {
  const std::size_t count = values_of_thread ? values_of_thread->size() : 0;
  if (place >= count)
    throw CodecError{
        fmt::format("the bytes refer to shared value {} of the {} that came with them", std::uint64_t{place} + 1, count)};
  return (*values_of_thread)[place];
}

}  // namespace mw::detail
