// The folder of a project as BOINC's make_project leaves it, as far as the room looks at it.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "boinc/setup/project_setup.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

namespace test {

/// As much of an executable as says what it is for (System V ABI), and something to tell it from others.
inline std::string elf_of(char machine, std::string_view rest) {
  std::string head(20, '\0');
  head.replace(0, 4,
               "\x7f"
               "ELF");
  head[4] = 2;  // 64 bits
  head[18] = machine;
  return head + std::string{rest};
}
inline constexpr char x86_64 = 62, aarch64 = static_cast<char>(183);

class NewProject {
 public:
  NewProject() {
    for (const char* part : {"bin", "templates", "apps", "download"}) std::filesystem::create_directories(path(part));
    for (const char* program : {"create_work", "sample_bitwise_validator", "sample_assimilator", "sample_dummy_assimilator"})
      write(std::string{"bin/"} + program, "#!/bin/sh\n");
    write_config("<download_dir>" + path("download") + "</download_dir><uldl_dir_fanout>4</uldl_dir_fanout>");
    write("project.xml", "<boinc>\n    <platform><name>x86_64-pc-linux-gnu</name></platform>\n</boinc>\n");
    write_build("x86_64", elf_of(x86_64, "first"));
  }

  std::string path(const std::string& name = {}) const { return folder_.path("project" + (name.empty() ? "" : "/" + name)); }
  bool has(const std::string& name) const { return std::filesystem::exists(path(name)); }
  std::string text(const std::string& name) const { return file_text(path(name)); }
  void write(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories(std::filesystem::path{path(name)}.parent_path());
    std::ofstream{path(name), std::ios::binary} << text;
  }
  /// `config`: within <config>; `rest`: behind it.
  void write_config(const std::string& config, const std::string& rest = {}) const {
    write("config.xml", "<boinc><config>" + config + "</config>" + rest + "</boinc>");
  }
  void add_to_config(const std::string& rest) const {
    std::string config = text("config.xml");
    write("config.xml", config.insert(config.find("</boinc>"), rest));
  }
  std::string workers() const { return folder_.path("workers"); }
  void write_build(const std::string& platform, std::string_view content, const std::string& name = "pi") const {
    std::filesystem::create_directories(workers() + "/" + platform);
    std::ofstream{workers() + "/" + platform + "/" + name, std::ios::binary} << content;
  }
  mw::boinc::SetupOptions options() const {
    mw::boinc::SetupOptions options;
    options.folder = path();
    options.app = "pi";
    options.workers = workers();
    return options;
  }

  /// Every file and folder of the project, with its mode and what is in it.
  std::map<std::string, std::string> everything() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{path()}) {
      struct stat status = {};
      ::stat(entry.path().c_str(), &status);
      all[entry.path().string()] = fmt::format("{:o} {}", status.st_mode, entry.is_regular_file() ? file_text(entry.path()) : "");
    }
    return all;
  }

 private:
  const TemporaryFolder folder_;
};

/// What is said of those parts of a project that are not as they should be, a line each; and of those that were
/// written.
inline std::string said_of(const std::vector<mw::boinc::SetupItem>& items, mw::boinc::SetupState state) {
  std::string all;
  for (const auto& item : items)
    if (item.state == state) all += item.what + (item.why.empty() ? "" : ": " + item.why) + "\n";
  return all;
}

}  // namespace test
