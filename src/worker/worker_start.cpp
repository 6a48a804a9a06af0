#include "worker/worker_start.hpp"

#include <utility>

#include <fmt/format.h>

#include <mw/detail/shared_value.hpp>
#include <mw/function.hpp>

#include "memory/shared_file.hpp"
#include "registry/registry.hpp"
#include "wire/little_endian.hpp"
#include "worker/execute.hpp"

namespace mw::worker {
namespace {

std::optional<Failure> call(mw::detail::SharedList values) {
  const mw::detail::SharedPtr start = std::move(values.back());
  values.pop_back();
  Outcome outcome;
  std::string name = "of the program";
  try {
    const std::span<const std::byte> bytes = start->bytes();
    if (bytes.size() < sizeof(std::uint64_t)) throw CodecError{"a start call of too few bytes"};
    const auto id = wire::load<std::uint64_t>(bytes.data());
    const mw::detail::FunctionEntry* const function = registry::find(id);
    if (!function) throw CodecError{fmt::format("this worker's program has no function of number {:#018x}", id)};
    name = function->name();
    const mw::detail::SharedScope scope{values};
    outcome = execute(*function, bytes.subspan(sizeof id));
  } catch (const Error& e) {
    outcome.failure.emplace();
    outcome.failure->message = e.what();
  }
  if (!outcome.failure) return std::nullopt;
  const Failure& why = *outcome.failure;
  Failure failure;
  failure.cause = Cause::worker_start;
  failure.message = fmt::format("the start function {} failed: {}{}{}", name, why.type, why.type.empty() ? "" : ": ", why.message);
  return failure;
}

}  // namespace

std::optional<Failure> WorkerStart::make(std::uint64_t number, mw::detail::SharedList values) {
  std::lock_guard lock{mutex_};
  const auto [place, is_new] = made_.try_emplace(number);
  if (is_new) place->second = call(std::move(values));
  return place->second;
}

bool WorkerStart::was_made(std::uint64_t number) const {
  std::lock_guard lock{mutex_};
  return made_.contains(number);
}

}  // namespace mw::worker
