// Where the inputs of the chunk that this process runs are claimed.
//
// What:    the claim page of the worker, and which of its tasks runs, for mw::detail::begin_chunk() and claim_inputs().
//          A process without such a page has all inputs of its chunks.
// Owner:   the page is the caller's.
// Threads: the one that runs tasks.
// Use:
//     const ChunkClaims claims{&page, number};
//     run(task);
#pragma once

#include <cstdint>

#include "worker/claim_page.hpp"

namespace mw::worker {

class ChunkClaims {
 public:
  /// `page` may be null. Until this object goes, the task that runs is its number `number`.
  ChunkClaims(ClaimPage* page, std::uint64_t number) noexcept;
  ~ChunkClaims();
  ChunkClaims(const ChunkClaims&) = delete;
  ChunkClaims& operator=(const ChunkClaims&) = delete;
};

}  // namespace mw::worker
