// What a call is recognised by.
//
// What:    128 bits of a function's name, its arguments, and of what else its result depends on: shared values that the
//          arguments refer to, data files (path, size, time of the last change), the workers' start call. XXH3 with a
//          secret of the journal's own, so that nobody who does not know the file can prepare two inputs that are taken
//          for one. (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md)
// Owner:   keeps the secret, and the digests of shared values for as long as these live.
// Threads: one at a time.
// Use:
//     Digester digester{secret, options.start};
//     const Digest digest = digester.of(record);
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>

#include <mw/detail/start_call.hpp>

#include "core/record.hpp"

namespace mw::journal {

struct Digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const Digest&) const = default;
};

using Secret = std::array<std::byte, 192>;

/// One that nobody can guess. Throws JournalError if the system has no random numbers.
Secret new_secret();

/// For what may have been damaged, not for what somebody may have forged. `seed` stands for what belongs to the bytes.
std::uint64_t checksum(std::span<const std::byte> bytes, std::uint64_t seed = 0) noexcept;

Digest digest_of(const Secret& secret, std::span<const std::byte> bytes) noexcept;

class Digester {
 public:
  /// `start` is what every worker does first.
  Digester(const Secret& secret, const detail::StartCall& start);

  /// The arguments must be there still. Where a data file cannot be looked at, it is taken as one of size 0.
  Digest of(const detail::TaskRecord& record);

 private:
  struct Known {
    std::weak_ptr<const detail::SharedValue> value;
    Digest digest;
  };
  Digest of_bytes(std::span<const std::byte> bytes) const noexcept;
  Digest of_shared(const detail::SharedPtr& value);
  Digest with_surroundings(Digest digest, const detail::TaskExtra& extra);
  Digest of_name(const detail::FunctionEntry& function);

  const Secret secret_;
  Digest start_;
  std::unordered_map<const detail::SharedValue*, Known> shared_;
  std::unordered_map<const detail::FunctionEntry*, Digest> names_;
};

}  // namespace mw::journal
