#include "process/build.hpp"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <string_view>

#include "codec/fnv1a.hpp"

namespace mw::process {
namespace {

/// The build id among notes that lie one behind the other (System V ABI); empty if there is none.
std::string_view build_id_in(std::string_view notes, std::size_t alignment) noexcept {
  const auto aligned = [alignment](std::size_t size) { return (size + alignment - 1) / alignment * alignment; };
  constexpr std::string_view owner{"GNU", 4};
  while (notes.size() >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) head;
    std::memcpy(&head, notes.data(), sizeof head);
    const std::size_t id_at = aligned(sizeof head + head.n_namesz);
    if (id_at > notes.size() || head.n_descsz > notes.size() - id_at) break;
    const std::string_view name{notes.data() + sizeof head, head.n_namesz};
    if (head.n_type == NT_GNU_BUILD_ID && name == owner) return notes.substr(id_at, head.n_descsz);
    notes.remove_prefix(std::min(aligned(id_at + head.n_descsz), notes.size()));
  }
  return {};
}

std::string_view build_id_of(const dl_phdr_info& object) noexcept {
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = object.dlpi_phdr[i];
    if (part.p_type != PT_NOTE) continue;
    const auto* const notes = reinterpret_cast<const char*>(object.dlpi_addr + part.p_vaddr);
    if (const auto id = build_id_in({notes, static_cast<std::size_t>(part.p_memsz)}, part.p_align == 8 ? 8 : 4); !id.empty())
      return id;
  }
  return {};
}

std::uint64_t hash_of_file(const char* path) noexcept {
  std::uint64_t hash = fnv1a_of_nothing;
  std::ifstream file{path, std::ios::binary};
  char buffer[64 * 1024];
  while (file.read(buffer, sizeof buffer), file.gcount() > 0) hash = fnv1a({buffer, static_cast<std::size_t>(file.gcount())}, hash);
  return hash;
}

int add_object(dl_phdr_info* object, std::size_t, void* sum) {
  const std::string_view path = object->dlpi_name;  // empty for the program itself; the kernel's own has no folder
  const bool is_ours = path.empty() || (path.find('/') != path.npos && !path.starts_with("/usr/") && !path.starts_with("/lib"));
  if (!is_ours) return 0;
  const auto id = build_id_of(*object);
  *static_cast<std::uint64_t*>(sum) += !id.empty()    ? fnv1a(id)
                                       : path.empty() ? hash_of_file("/proc/self/exe")
                                                      : hash_of_file(object->dlpi_name);
  return 0;
}

std::uint64_t compute() noexcept {
  std::uint64_t sum = 0;
  ::dl_iterate_phdr(add_object, &sum);
  return sum;
}

}  // namespace

std::uint64_t own_build() noexcept {
  static const std::uint64_t build = compute();
  return build;
}

}  // namespace mw::process
