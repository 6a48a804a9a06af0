#include "mw/new_app.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <mw/error.hpp>

#include "process/file.hpp"
#include "process/standard_streams.hpp"

namespace mw::tool {
namespace {

constexpr std::string_view stand_in = "my_app";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

void check_name(const std::string& name) {
  const bool has_others =
      !std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; });
  if (name.empty() || !is_letter(name.front()) || has_others)
    throw UsageError{fmt::format("\"{}\" is no name for a program: letters, digits, '_' and '-', a letter first", name)};
  // What CMake's generators call targets of their own.
  constexpr std::array taken{"all", "clean", "edit_cache", "help", "install", "package", "rebuild_cache", "test"};
  if (std::find(taken.begin(), taken.end(), name) != taken.end())
    throw UsageError{fmt::format("CMake has a target \"{}\" of its own: take another name", name)};
}

std::string with_name(std::string_view text, const std::string& name) {
  std::string result;
  for (auto place = text.find(stand_in); place != text.npos; place = text.find(stand_in)) {
    result.append(text.substr(0, place)) += name;
    text.remove_prefix(place + stand_in.size());
  }
  return result.append(text);
}

void write(const std::filesystem::path& path, const std::string& text) {
  process::write_file(path, text);
  process::print(path.string() + "\n");
}

/// Where CMake finds CppMW, if this is an installed mw and not one in a place that is looked in anyway.
std::string prefix_option() {
  std::error_code error;
  const auto prefix = std::filesystem::read_symlink("/proc/self/exe", error).parent_path().parent_path();
  if (error || prefix == "/usr" || prefix == "/usr/local" || !std::filesystem::exists(prefix / "lib/cmake/CppMW", error)) return {};
  return fmt::format(" -DCMAKE_PREFIX_PATH=\"{}\"", prefix.string());
}

}  // namespace

void add_new(CLI::App& cli, NewCommand& command) {
  auto* added = cli.add_subcommand("new", "Begins an application: a folder with a program to change, and its CMakeLists.txt.");
  added->add_option("name", command.name, "what the program, and the folder, are called")->required();
  added->footer("Example: mw new my_app");
}

void new_app(const NewCommand& command) {
  const std::string& name = command.name;
  check_name(name);
  std::error_code error;
  if (std::filesystem::exists(std::filesystem::symlink_status(name, error)))
    throw UsageError{fmt::format("there is a \"{}\" here: take another name, or another folder", name)};
  if (!std::filesystem::create_directory(name, error))
    throw InterfaceError{fmt::format("the folder {} cannot be made: {}", name, error.message())};
  write(std::filesystem::path{name} / "CMakeLists.txt", with_name(template_lists, name));
  write(std::filesystem::path{name} / (name + ".cpp"), with_name(template_source, name));
  process::print(fmt::format("\nNow:\n  cmake -S {0} -B {0}/build{1} && cmake --build {0}/build\n  {0}/build/{0} --help\n", name,
                             prefix_option()));
}

}  // namespace mw::tool
