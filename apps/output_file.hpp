// A file with what an application found.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include <mw/error.hpp>

namespace apps {

/// Before the work begins: throws UsageError if no file can be written at this place.
inline void check_output(const std::string& option, const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) throw mw::UsageError{option + ": " + path + " is a folder"};
  const bool is_there = fs::exists(path, ignored);
  const std::string folder = fs::path{path}.parent_path().string();
  const std::string place = is_there ? path : folder.empty() ? "." : folder;
  if (::access(place.c_str(), W_OK) != 0)
    throw mw::UsageError{option + ": " + path + " can not be written: " + std::strerror(errno)};
}

/// Whole or not at all: of a file that could not be written to its end nothing stays. Throws mw::Error.
inline void write_output(const std::string& path, std::string_view bytes) {
  const auto close = [](std::FILE* file) { std::fclose(file); };
  std::unique_ptr<std::FILE, decltype(close)> file{std::fopen(path.c_str(), "wbe"), close};
  const bool is_written = file && std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size() &&
                          std::fflush(file.get()) == 0 && ::close(::dup(::fileno(file.get()))) == 0;
  if (is_written) return;
  const std::string why = std::strerror(errno);
  std::error_code ignored;
  if (file && std::filesystem::is_regular_file(path, ignored)) std::filesystem::remove(path, ignored);
  throw mw::Error{"the file " + path + " can not be written: " + why};
}

}  // namespace apps
