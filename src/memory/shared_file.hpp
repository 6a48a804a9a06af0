// The bytes of a value that is given once, as a file of this machine.
//
// What:    the master writes them to a memory file, which nobody can change afterwards (memfd_create(2), F_SEAL_WRITE);
//          a worker opens it by its path, or another file in its place, and maps it.
// Owner:   owns the descriptor and the mapping. In the master, listeners hear when it goes.
// Threads: any.
// Use:
//     auto value = SharedFile::make(bytes);  value->tell(listener);               // the master
//     auto same = SharedFile::open(value->input());         // a worker
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <mw/detail/shared_value.hpp>
#include <mw/error.hpp>
#include <mw/shared_input.hpp>

#include "process/fork_count.hpp"
#include "process/unique_fd.hpp"

namespace mw::memory {

/// Who is told that a value has gone, in whatever thread it goes.
class SharedListener {
 public:
  virtual ~SharedListener() = default;
  virtual void shared_value_gone(std::uint64_t number) noexcept = 0;
};

class SharedFile final : public detail::SharedValue {
 public:
  /// A copy of these. Throws InterfaceError, which says what there is not: a descriptor, memory.
  static std::shared_ptr<SharedFile> make(std::span<const std::byte> bytes);
  /// What another process made. Throws InterfaceError if it is not there, or is another file; memory::NoRoomError if
  /// this process has no descriptor or address space free.
  static std::shared_ptr<SharedFile> open(const SharedInput& input);
  ~SharedFile() override;

  std::span<const std::byte> bytes() const override;
  std::size_t size() const noexcept override { return size_; }
  std::uint64_t number() const noexcept { return number_; }
  /// How another process finds it. Only of one that was made here.
  SharedInput input() const;
  /// From now on this one is told, too.
  void tell(const std::shared_ptr<SharedListener>& listener) const;

 private:
  SharedFile(std::uint64_t number, process::UniqueFd fd, std::size_t size) noexcept
      : number_{number}, fd_{std::move(fd)}, size_{size} {}
  void map() const;

  const std::uint64_t number_;
  process::UniqueFd fd_;  ///< none where it was opened
  const std::size_t size_;
  const std::uint32_t made_in_ = process::fork_count();
  mutable std::mutex mutex_;  ///< guards what follows
  mutable const std::byte* memory_ = nullptr;
  mutable std::vector<std::shared_ptr<SharedListener>> listeners_;
};

}  // namespace mw::memory
