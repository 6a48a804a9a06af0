#include "journal/digest.hpp"

#include <sys/random.h>
#include <sys/stat.h>

#include <bit>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <mw/error.hpp>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace mw::journal {
namespace {

static_assert(sizeof(Secret) >= XXH3_SECRET_SIZE_MIN);

/// How many shared values may be known before those that are gone are looked for.
constexpr std::size_t many_values = 1'000;

/// Two digests as one; the order counts.
Digest with(Digest a, const Digest& b) noexcept {
  constexpr std::uint64_t odd = 0x9E3779B185EBCA87;
  a.low = (std::rotl(a.low, 29) ^ b.low) * odd;
  a.high = (std::rotl(a.high, 31) + b.high) * odd;
  return a;
}

void append(std::vector<std::byte>& bytes, const void* from, std::size_t size) {
  const auto* begin = static_cast<const std::byte*>(from);
  bytes.insert(bytes.end(), begin, begin + size);
}

template <class Number>
void append(std::vector<std::byte>& bytes, Number number) {
  append(bytes, &number, sizeof number);
}

void append(std::vector<std::byte>& bytes, std::string_view text) {
  append(bytes, std::uint64_t{text.size()});
  append(bytes, text.data(), text.size());
}

void append_file(std::vector<std::byte>& bytes, const DataFile& file) {
  struct stat status = {};
  if (::stat(file.from.c_str(), &status) != 0) status = {};
  append(bytes, std::string_view{file.to});
  append(bytes, std::string_view{file.from});
  append(bytes, std::int64_t{status.st_size});
  append(bytes, std::int64_t{status.st_mtim.tv_sec});
  append(bytes, std::int64_t{status.st_mtim.tv_nsec});
}

}  // namespace

Secret new_secret() {
  Secret secret;
  // Up to 256 bytes come in one piece (getrandom(2)).
  if (::getrandom(secret.data(), secret.size(), 0) != static_cast<ssize_t>(secret.size()))
    throw JournalError{"a new journal needs random numbers, and this system gives none (getrandom)"};
  return secret;
}

std::uint64_t checksum(std::span<const std::byte> bytes, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Digester::Digester(const Secret& secret, const detail::StartCall& start) : secret_{secret} {
  for (const detail::SharedPtr& value : start.values) start_ = with(start_, of_shared(value));
}

Digest digest_of(const Secret& secret, std::span<const std::byte> bytes) noexcept {
  const XXH128_hash_t hash = XXH3_128bits_withSecret(bytes.data(), bytes.size(), secret.data(), secret.size());
  return {hash.high64, hash.low64};
}

Digest Digester::of_bytes(std::span<const std::byte> bytes) const noexcept { return digest_of(secret_, bytes); }

Digest Digester::of_shared(const detail::SharedPtr& value) {
  if (shared_.size() >= many_values) std::erase_if(shared_, [](const auto& one) { return one.second.value.expired(); });
  Known& known = shared_[value.get()];
  // Another one may lie where one lay that has gone.
  if (known.value.lock() != value) known = {value, of_bytes(value->bytes())};
  return known.digest;
}

Digest Digester::of_name(const detail::FunctionEntry& function) {
  const auto [place, is_new] = names_.try_emplace(&function);
  if (is_new) {
    const std::string_view name = function.name();
    place->second = of_bytes(std::as_bytes(std::span{name.data(), name.size()}));
  }
  return place->second;
}

/// A task with options that its result does not depend on is recognised without them.
Digest Digester::with_surroundings(Digest digest, const detail::TaskExtra& extra) {
  for (const detail::SharedPtr& value : extra.shared) digest = with(digest, of_shared(value));
  if (extra.options.files.empty() && extra.options.outputs.empty()) return digest;
  std::vector<std::byte> bytes;
  for (const DataFile& file : extra.options.files) append_file(bytes, file);
  for (const OutputFile& file : extra.options.outputs) {
    append(bytes, std::string_view{file.from});
    append(bytes, std::string_view{file.to});
  }
  return with(digest, of_bytes(bytes));
}

Digest Digester::of(const detail::TaskRecord& record) {
  Digest digest = with(with(of_bytes(record.payload.span()), of_name(*record.function)), start_);
  if (const detail::TaskExtra* const extra = record.find_extra()) return with_surroundings(digest, *extra);
  return digest;
}

}  // namespace mw::journal
