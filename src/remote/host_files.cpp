#include "remote/host_files.hpp"

#include <utility>

namespace mw::remote {

HostFiles::Answer HostFiles::ask(const FileVersion& version, FileUser& user, std::uint64_t file) {
  const auto [place, is_new] = files_.try_emplace(version);
  File& one = place->second;
  if (is_new) {
    one.bringer = &user;
    return {Way::bring};
  }
  if (!one.path.empty()) return {Way::link, one.path};
  one.waiting.push_back({&user, file});
  return {Way::wait};
}

void HostFiles::arrived(const FileVersion& version, const FileUser& user, const std::string& path) {
  const auto place = files_.find(version);
  if (place == files_.end() || place->second.bringer != &user || !place->second.path.empty()) return;
  place->second.path = path;
  for (const Asking& one : std::exchange(place->second.waiting, {})) one.user->link_file(one.file, path);
}

void HostFiles::leave(const FileUser& user) {
  std::erase_if(files_, [&](const auto& one) { return one.second.bringer == &user && one.second.waiting.empty(); });
  for (auto& [version, one] : files_) std::erase_if(one.waiting, [&](const Asking& asking) { return asking.user == &user; });
}

void HostFiles::lost(const FileUser& user) {
  leave(user);
  std::vector<Asking> bringers;
  for (auto& [version, one] : files_) {
    if (one.bringer != &user) continue;
    if (one.waiting.empty()) {
      one.bringer = nullptr;
      continue;
    }
    bringers.push_back(one.waiting.front());
    one.bringer = one.waiting.front().user;
    one.waiting.erase(one.waiting.begin());
  }
  std::erase_if(files_, [](const auto& one) { return one.second.bringer == nullptr; });
  for (const Asking& one : bringers) one.user->bring_file(one.file);
}

void HostFiles::forget(const FileVersion& version) {
  auto file = files_.extract(version);
  if (file.empty()) return;
  for (const Asking& one : file.mapped().waiting) one.user->skip_file(one.file);
}

}  // namespace mw::remote
