#include "boinc/setup/download_tree.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "boinc/protocol/md5.hpp"
#include "boinc/protocol/xml.hpp"
#include "parse/number.hpp"
#include "process/file.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

constexpr mode_t open_to_both = 02775;  // with the group's number for what is made in it
constexpr mode_t group_writes = 0020, others_write = 0002;

std::string folder_of(const DownloadTree& tree, unsigned number) { return fmt::format("{}/{:x}", tree.folder, number); }

void judge(const std::string& path, const struct stat& status, TreeFaults& faults) {
  if (::access(path.c_str(), W_OK | X_OK) != 0)
    faults.inaccessible.push_back(path);
  else if ((status.st_mode & (group_writes | others_write)) == 0)
    (status.st_uid == ::geteuid() ? faults.closed : faults.inaccessible).push_back(path);
}

}  // namespace

std::string DownloadTree::path_of(const std::string& file) const {
  const std::string md5 = md5_hex(file);
  constexpr std::size_t first = 1, last = 8;
  const unsigned number = parse::hex_number<unsigned>(std::string_view{md5}.substr(first, last - first)).value();
  return folder_of(*this, number % fanout) + "/" + file;
}

DownloadTree download_tree(const std::string& project) {
  const std::string path = project + "/config.xml";
  try {
    const Document document = parse_document(process::read_text_file(path), "boinc");
    const pugi::xml_node config = document.root.child("config");
    DownloadTree tree{text_in(config, "download_dir"),
                      static_cast<unsigned>(std::clamp<std::int64_t>(integer_in(config, "uldl_dir_fanout"), 0, 1'000'000))};
    if (tree.folder.empty() || tree.fanout == 0)
      throw InterfaceError{
          fmt::format("{} does not say where files for download are: it has no <download_dir> or no "
                      "<uldl_dir_fanout>",
                      path)};
    return tree;
  } catch (const BadMessage& e) {
    throw InterfaceError{fmt::format("{}: {}", path, e.what())};
  }
}

TreeFaults faults_of(const DownloadTree& tree) {
  TreeFaults faults;
  struct stat status = {};
  if (::stat(tree.folder.c_str(), &status) != 0) {
    faults.inaccessible.push_back(tree.folder);
    return faults;
  }
  judge(tree.folder, status, faults);
  for (unsigned i = 0; i < tree.fanout; ++i) {
    const std::string folder = folder_of(tree, i);
    if (::stat(folder.c_str(), &status) != 0)
      ++faults.missing;
    else
      judge(folder, status, faults);
  }
  return faults;
}

void mend(const DownloadTree& tree, const TreeFaults& faults) {
  const auto open_up = [](const std::string& folder) {
    if (::chmod(folder.c_str(), open_to_both) != 0)
      throw InterfaceError{fmt::format("{} cannot be opened to its group: {}", folder, std::strerror(errno))};
  };
  for (const std::string& folder : faults.closed) open_up(folder);
  if (faults.missing == 0) return;
  for (unsigned i = 0; i < tree.fanout; ++i) {
    const std::string folder = folder_of(tree, i);
    if (::mkdir(folder.c_str(), 0775) == 0)
      open_up(folder);
    else if (errno != EEXIST)
      throw InterfaceError{fmt::format("{} cannot be made: {}", folder, std::strerror(errno))};
  }
}

std::string staging_fault(const DownloadTree& tree, const std::string& file, const std::string& path) {
  const std::string staged = tree.path_of(file);
  std::error_code error;
  const std::uintmax_t size = fs::file_size(staged, error);
  if (error) return fmt::format("{} is not there: {}", staged, error.message());
  if (size != fs::file_size(path, error)) return fmt::format("{} has {} bytes, and {} has another number", staged, size, path);
  if (md5_of_file(staged) != md5_of_file(path)) return fmt::format("{} has another content than {}", staged, path);
  return {};
}

}  // namespace mw::boinc
