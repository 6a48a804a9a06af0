#include "process/deep_thread.hpp"

#include <sys/resource.h>

#include <memory>
#include <utility>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "process/shortage.hpp"

namespace mw::process {
namespace {

constexpr std::size_t unlimited = std::size_t{1} << 30;  // of address space: memory is taken as it is used
constexpr std::size_t smallest_stack = std::size_t{8} << 20;

bool stack_is_unlimited() noexcept {
  rlimit limit{};
  return ::getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
}

using Work = std::function<void()>;

void* run(void* work) {
  const std::unique_ptr<Work> owned{static_cast<Work*>(work)};
  (*owned)();
  return nullptr;
}

int start(pthread_t& thread, std::size_t stack, Work* work) noexcept {
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  if (stack != 0) ::pthread_attr_setstacksize(&attributes, stack);
  const int error = ::pthread_create(&thread, &attributes, run, work);
  ::pthread_attr_destroy(&attributes);
  return error;
}

}  // namespace

DeepThread::DeepThread(std::function<void()> work) {
  auto owned = std::make_unique<Work>(std::move(work));
  std::size_t stack = stack_is_unlimited() ? unlimited : 0;
  int error = start(thread_, stack, owned.get());
  while (error != 0 && stack > smallest_stack) error = start(thread_, stack /= 2, owned.get());
  if (error != 0) throw InterfaceError{fmt::format("no thread for tasks: {}", shortage(error))};
  static_cast<void>(owned.release());  // the thread's
  is_running_ = true;
}

DeepThread::DeepThread(DeepThread&& other) noexcept
    : thread_{other.thread_}, is_running_{std::exchange(other.is_running_, false)} {}

DeepThread& DeepThread::operator=(DeepThread&& other) noexcept {
  std::swap(thread_, other.thread_);
  std::swap(is_running_, other.is_running_);
  return *this;
}

DeepThread::~DeepThread() {
  if (is_running_) ::pthread_join(thread_, nullptr);
}

}  // namespace mw::process
