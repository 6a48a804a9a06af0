// The files that an application is about.
#pragma once

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <mw/error.hpp>

namespace apps {

/// Regular files in a folder and in the folders in it whose names match the pattern, sorted. Links are not followed. Throws UsageError
/// if the folder can not be read, or if there are none.
inline std::vector<std::string> files_below(const std::string& folder, const std::string& pattern) {
  namespace fs = std::filesystem;
  std::vector<std::string> paths;
  try {
    for (const auto& entry : fs::recursive_directory_iterator{folder, fs::directory_options::skip_permission_denied})
      if (entry.is_regular_file() && !entry.is_symlink() && ::fnmatch(pattern.c_str(), entry.path().filename().c_str(), 0) == 0)
        paths.push_back(fs::absolute(entry.path()).lexically_normal().string());
  } catch (const fs::filesystem_error& e) {
    throw mw::UsageError{e.what()};
  }
  if (paths.empty()) throw mw::UsageError{"there is no file like " + pattern + " in " + folder};
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace apps
