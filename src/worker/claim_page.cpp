#include "worker/claim_page.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "process/room.hpp"
#include "process/shortage.hpp"

namespace mw::worker {
namespace {

[[noreturn]] void fail(const char* what) {
  throw InterfaceError{fmt::format("a page shared with a worker {}: {}", what, process::shortage(errno))};
}

}  // namespace

ClaimPage::ClaimPage(process::UniqueFd fd) : fd_{std::move(fd)} {
  void* memory = ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
  if (memory == MAP_FAILED) fail("cannot be mapped");
  page_ = static_cast<Page*>(memory);  // zeroes: number 0 is not on offer
}

ClaimPage ClaimPage::create() {
  if (sizeof(Page) > process::largest_file())
    throw InterfaceError{fmt::format("no page can be shared with a worker: the limit on file sizes (ulimit -f) is {} bytes",
                                     process::largest_file())};
  process::UniqueFd fd{::memfd_create("claims", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  if (fd.get() < 0 || ::ftruncate(fd.get(), sizeof(Page)) != 0) fail("cannot be made");
  ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
  return ClaimPage{std::move(fd)};
}

ClaimPage ClaimPage::attach(process::UniqueFd fd) {
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0 || status.st_size != static_cast<off_t>(sizeof(Page))) fail("is not what it should be");
  return ClaimPage{std::move(fd)};
}

ClaimPage::ClaimPage(ClaimPage&& other) noexcept : fd_{std::move(other.fd_)}, page_{std::exchange(other.page_, nullptr)} {}

ClaimPage& ClaimPage::operator=(ClaimPage&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(page_, other.page_);
  return *this;
}

std::optional<std::uint32_t> ClaimPage::split_chunk(std::uint64_t number) noexcept {
  std::uint64_t chunk = page_->chunk.load(std::memory_order_acquire);
  while (true) {
    const auto claimed = static_cast<std::uint32_t>(chunk);
    if (claimed == 0 || chunk - claimed != chunk_of(number)) return std::nullopt;
    if (page_->chunk.compare_exchange_weak(chunk, chunk | is_split, std::memory_order_acq_rel)) return claimed;
  }
}

ClaimPage::~ClaimPage() {
  if (page_) ::munmap(page_, sizeof(Page));
}

}  // namespace mw::worker
