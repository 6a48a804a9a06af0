#include "worker/chunk_claims.hpp"

#include <cstddef>

#include <mw/detail/chunk.hpp>

namespace mw::worker {
namespace {

ClaimPage* claim_page = nullptr;
std::uint64_t number_on_page = 0;

}  // namespace

ChunkClaims::ChunkClaims(ClaimPage* page, std::uint64_t number) noexcept {
  claim_page = page;
  number_on_page = number;
}

ChunkClaims::~ChunkClaims() { claim_page = nullptr; }

}  // namespace mw::worker

namespace mw::detail {

void begin_chunk() noexcept {
  if (worker::claim_page) worker::claim_page->begin_chunk(worker::number_on_page);
}

bool claim_inputs(std::uint32_t inputs) noexcept { return !worker::claim_page || worker::claim_page->claim_inputs(inputs); }

/// MapChunk::run and ReduceChunk::run have this number as their first argument.
void limit_chunk(Bytes& arguments, std::uint64_t inputs) noexcept {
  if (arguments.size() < sizeof inputs) return;
  for (std::size_t i = 0; i < sizeof inputs; ++i) arguments.data()[i] = static_cast<std::byte>(inputs >> (8 * i));
}

}  // namespace mw::detail
