#include "process/command_line.hpp"

#include <exception>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "process/file.hpp"

namespace mw::process {

std::string program_name() {
  std::error_code error;
  std::string name = std::filesystem::read_symlink("/proc/self/exe", error).filename();
  // It was replaced while it ran (proc(5)).
  constexpr std::string_view deleted = " (deleted)";
  if (name.ends_with(deleted)) name.resize(name.size() - deleted.size());
  return name.empty() ? "unknown" : name;
}

std::string command_line() {
  std::string words;
  try {
    words = read_text_file("/proc/self/cmdline");
  } catch (const std::exception&) {
    return program_name();
  }
  std::string text;
  for (std::size_t begin = 0; begin < words.size();) {
    const std::size_t end = std::min(words.find('\0', begin), words.size());
    text += (text.empty() ? "" : " ") + quoted(words.substr(begin, end - begin));
    begin = end + 1;
  }
  return text;
}

std::string quoted(const std::string& word) {
  constexpr const char* plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string result = "'";
  for (const char c : word) result += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return result + "'";
}

}  // namespace mw::process
