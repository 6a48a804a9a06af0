#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "process/unique_fd.hpp"
#include "sandbox/bubblewrap.hpp"

namespace mw::sandbox {

bool is_self_contained(const std::string& path) {
  const process::UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  Elf64_Ehdr header = {};
  if (file.get() < 0 || ::pread(file.get(), &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header)) return false;
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_phentsize != sizeof(Elf64_Phdr))
    return false;
  std::vector<Elf64_Phdr> parts(header.e_phnum);
  const std::size_t size = parts.size() * sizeof(Elf64_Phdr);
  if (::pread(file.get(), parts.data(), size, static_cast<off_t>(header.e_phoff)) != static_cast<ssize_t>(size)) return false;
  for (const Elf64_Phdr& part : parts)
    if (part.p_type == PT_INTERP) return false;
  return true;
}

}  // namespace mw::sandbox
