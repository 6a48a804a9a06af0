// The files that an application is about.
#pragma once

#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <mw/error.hpp>

namespace apps {

/// Regular files in a folder and in the folders in it whose names match the pattern, sorted. Links are not followed.
/// Throws UsageError if one of the folders or files cannot be read, or if there are no files.
inline std::vector<std::string> files_below(const std::string& folder, const std::string& pattern) {
  namespace fs = std::filesystem;
  std::vector<std::string> paths;
  fs::path at = folder;
  try {
    for (const auto& entry : fs::recursive_directory_iterator{folder}) {
      at = entry.path();
      if (entry.is_regular_file() && !entry.is_symlink() && ::fnmatch(pattern.c_str(), at.filename().c_str(), 0) == 0)
        paths.push_back(fs::absolute(at).lexically_normal().string());
    }
  } catch (const fs::filesystem_error& e) {
    throw mw::UsageError{"the folder " + at.string() + " cannot be read: " + e.code().message()};
  }
  if (paths.empty()) throw mw::UsageError{"there is no file like " + pattern + " in " + folder};
  for (const std::string& path : paths)
    if (::access(path.c_str(), R_OK) != 0) throw mw::UsageError{"the file " + path + " cannot be read"};
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace apps
