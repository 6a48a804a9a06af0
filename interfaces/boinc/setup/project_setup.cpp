#include "boinc/setup/project_setup.hpp"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "boinc/protocol/md5.hpp"
#include "boinc/protocol/scheduler_reply.hpp"
#include "boinc/protocol/xml.hpp"
#include "boinc/setup/download_tree.hpp"
#include "boinc/setup/due_programs.hpp"
#include "boinc/setup/templates.hpp"
#include "builds/worker_builds.hpp"
#include "parse/number.hpp"
#include "process/file.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

/// One of the project's own XML files, with its comments.
class ProjectXml {
 public:
  explicit ProjectXml(const fs::path& path) : path_{path.string()} {
    const std::string text = process::read_text_file(path_);
    const auto result = tree_.load_buffer(text.data(), text.size(), pugi::parse_full & ~pugi::parse_eol, pugi::encoding_utf8);
    root = tree_.child("boinc");
    if (!result || !root)
      throw InterfaceError{
          fmt::format("{} is no project's file: {}", path_, result ? "there is no <boinc> in it" : result.description())};
  }
  void save() const {
    struct stat status = {};
    ::stat(path_.c_str(), &status);  // it may hold a password
    process::write_file(path_, to_text(tree_, "    ", pugi::format_indent | pugi::format_no_empty_element_tags),
                        status.st_mode & 0777);
  }

  pugi::xml_node root;

 private:
  const std::string path_;
  pugi::xml_document tree_;
};

struct Setup {
  explicit Setup(const SetupOptions& given) : options{given}, folder{fs::absolute(given.folder)} {
    for (const char* part : {"config.xml", "project.xml", "bin/create_work", "templates", "apps"})
      if (!fs::exists(folder / part))
        throw UsageError{fmt::format("{} is no BOINC project's folder: it has no {}", folder.string(), part)};
    struct stat status = {};
    if (!options.only_check && ::stat(folder.c_str(), &status) == 0 && status.st_uid != ::geteuid())
      throw UsageError{
          fmt::format("{} belongs to another user (number {}): run this as that one, so that the project can use what it "
                      "writes",
                      folder.string(), status.st_uid)};
  }

  /// Reports a thing that is missing, and writes it unless it is only to be checked. `after` is what has to run then:
  /// it is noted first, so that it is not forgotten if this ends here.
  template <class Write>
  void add(std::string what, const std::vector<std::string>& after, const Write& write, std::string why = {}) {
    if (!options.only_check) {
      DuePrograms{folder.string()}.add(after);
      write();
    }
    items.push_back({std::move(what), options.only_check ? SetupState::missing : SetupState::written, std::move(why)});
  }
  void is_there(std::string what, std::string why = {}) { items.push_back({std::move(what), SetupState::there, std::move(why)}); }

  void application() {
    const std::string what = fmt::format("project.xml: the application {}", options.app);
    ProjectXml xml{folder / "project.xml"};
    for (const pugi::xml_node& app : xml.root.children("app"))
      if (text_in(app, "name") == options.app) return is_there(what);
    add(what, {"bin/xadd"}, [&] {
      pugi::xml_node app = boinc::add(xml.root, "app");
      boinc::add(app, "name", options.app);
      boinc::add(app, "user_friendly_name", options.app);
      xml.save();
    });
  }

  /// `fits` says what is wrong with the one that is there; empty: nothing.
  template <class Fits>
  void one_template(const std::string& path, const std::string& text, const std::string& remark, const Fits& fits) {
    if (fs::exists(folder / path)) {
      const std::string now = process::read_text_file((folder / path).string());
      const std::string why = fits(now);
      if (now == text || (why.empty() && !options.replace)) return is_there(path, remark);
      if (!options.replace) {
        items.push_back({path, SetupState::wrong, why + "; --replace writes it anew"});
        return;
      }
    }
    add(
        path, {}, [&] { process::write_file((folder / path).string(), text); }, remark);
  }

  /// What the templates say about it: over the network nobody else can.
  std::optional<Copies> template_copies() const {
    if (!options.is_remote && options.copies == Copies{}) return std::nullopt;
    return completed(options.copies);
  }

  /// What is wrong with what a template says; empty: nothing.
  std::string fault_of(const Copies& there, const std::optional<Copies>& wanted) const {
    if (!wanted) return {};
    if (options.copies.quorum > 0 && there.quorum != options.copies.quorum)
      return fmt::format("its quorum is {}, not {}", there.quorum, options.copies.quorum);
    if (there.max_errors == 0 || there.max_total == 0 || there.max_success == 0)
      return "it does not say how many copies there may be: BOINC takes 1, and the first one that fails ends the workunit";
    return {};
  }

  void templates() {
    const std::optional<Copies> copies = template_copies();
    const std::string remark = copies ? to_string(*copies) : "each run says how many copies there are";
    for (std::size_t files = 0; files <= most_data_files; ++files)
      one_template(
          input_template_path(options.app, files), input_template(files, copies), remark,
          [&](const std::string& now) -> std::string {
            try {
              const TemplateFacts facts = read_input_template(now);
              if (facts.files != files + 1) return fmt::format("it is for {} input files, not {}", facts.files, files + 1);
              if (!facts.is_readable)
                return "BOINC's client takes no <no_delete></no_delete>, only <no_delete/>, and throws away each reply of the "
                       "project that has it, for every application";
              return fault_of(facts.copies, copies);
            } catch (const BadMessage& e) {
              return e.what();
            }
          });
    one_template(output_template_path(options.app), output_template(options.max_output, options.is_remote), {},
                 [&](const std::string& now) -> std::string {
                   if (now.find("<open_name>out</open_name>") == std::string::npos) return "it has no output called \"out\"";
                   if (now.find("<OUTFILE_0/>") == std::string::npos) return "it has no <OUTFILE_0/>";
                   if (now.find("<result>\n") == std::string::npos) return "its <result> is not at the end of a line";
                   if (options.is_remote && now.find("<no_delete") == std::string::npos)
                     return "its output has no <no_delete/>, and would be gone before it is fetched";
                   return {};
                 });
  }

  /// Whether a version of the application has this very file for the platform.
  std::optional<std::string> version_with(const mw::builds::FoundBuild& build, const std::string& md5) const {
    std::error_code error;
    for (const auto& version : fs::directory_iterator{folder / "apps" / options.app, error})
      for (const auto& file : fs::directory_iterator{version.path() / build.platform, error})
        if (file.is_regular_file() && file.file_size() == fs::file_size(build.path) && md5_of_file(file.path().string()) == md5)
          return version.path().filename().string();
    return std::nullopt;
  }

  /// "1.7", when the last one is 1.6.
  std::string next_version() const {
    unsigned last = 99;
    std::error_code error;
    for (const auto& version : fs::directory_iterator{folder / "apps" / options.app, error}) {
      const std::string name = version.path().filename().string();
      std::string_view rest = name;
      const auto major = parse::take_number<unsigned>(rest);
      if (!major) continue;
      const unsigned minor = rest.empty() ? 0 : parse::leading_number<unsigned>(rest.substr(1)).value_or(0);
      last = std::max(last, 100 * *major + minor);
    }
    ++last;
    return fmt::format("{}.{}", last / 100, last % 100);
  }

  void worker_builds() {
    const std::vector<mw::builds::FoundBuild> found = builds();
    if (found.empty()) {
      items.push_back(
          {"worker builds", SetupState::wrong,
           fmt::format("there is none of {} in {}: mw_add_app makes one for each platform (CMake); --workers names another "
                       "folder, --program another name",
                       options.title.empty() ? options.app : options.title, options.workers)});
      return;
    }
    const std::string next = next_version();
    for (const mw::builds::FoundBuild& build : found) {
      const std::string md5 = md5_of_file(build.path);
      if (const auto version = version_with(build, md5)) {
        is_there(fmt::format("apps/{}/{}/{}", options.app, *version, build.platform));
        continue;
      }
      const std::string what = fmt::format("apps/{}/{}/{}", options.app, next, build.platform);
      add(what, {"bin/update_versions"},
          [&] { write_version(folder / what, build, fmt::format("{}_{}_{}", options.app, next, build.platform)); });
    }
  }

  static void write_version(const fs::path& to, const mw::builds::FoundBuild& build, const std::string& name) {
    fs::create_directories(to);
    fs::copy_file(build.path, to / name, fs::copy_options::overwrite_existing);
    fs::permissions(to / name, fs::perms{0755});
    pugi::xml_document document;
    pugi::xml_node version = document.append_child("version");
    pugi::xml_node file = boinc::add(version, "file");
    boinc::add(file, "physical_name", name);
    add_flag(file, "main_program");
    boinc::add(version, "api_version", api_version);
    process::write_file((to / "version.xml").string(), to_text(document));
  }

  /// "sample_assimilator", of "./sample_assimilator --app pi".
  static std::string program_of(const std::string& command) {
    const std::string path = command.substr(0, command.find(' '));
    return path.substr(path.rfind('/') + 1);
  }

  /// A daemon that is not disabled, whose command has `kind` in the name of its program and is about this application.
  static std::string daemon_of(const pugi::xml_node& daemons, std::string_view kind, const std::string& app) {
    for (const pugi::xml_node& daemon : daemons.children("daemon")) {
      const std::string command = text_in(daemon, "cmd");
      if (flag_in(daemon, "disabled") || program_of(command).find(kind) == std::string::npos) continue;
      for (const char* option : {"--app ", "-app "})
        if ((command + " ").find(option + app + " ") != std::string::npos) return command;
    }
    return {};
  }

  /// Else a host may get two copies of one workunit, and agree with itself.
  void one_copy_a_host(ProjectXml& xml, bool& is_changed) {
    constexpr const char* flag = "one_result_per_host_per_wu";
    const std::string what = fmt::format("config.xml: {}", flag);
    constexpr const char* remark = "no host is given two copies of one workunit, of whatever application";
    pugi::xml_node config = xml.root.child("config");
    if (flag_in(config, flag) || flag_in(config, "one_result_per_user_per_wu")) return is_there(what, remark);
    add(
        what, {},
        [&] {
          if (!config) config = boinc::add(xml.root, "config");
          config.remove_child(flag);
          add_flag(config, flag);
          is_changed = true;
        },
        remark);
  }

  void configuration() {
    ProjectXml xml{folder / "config.xml"};
    bool is_changed = false;
    one_copy_a_host(xml, is_changed);
    daemons(xml, is_changed);
    if (is_changed) xml.save();
  }

  void daemons(ProjectXml& xml, bool& is_changed) {
    pugi::xml_node list = xml.root.child("daemons");
    const auto need = [&](std::string_view kind, const std::string& program, std::string_view unfit) {
      const std::string there = daemon_of(list, kind, options.app);
      const std::string what = fmt::format("config.xml: {} of {}", kind, options.app);
      if (!there.empty() && !unfit.empty() && program_of(there).starts_with(unfit)) {
        items.push_back({what, SetupState::wrong,
                         fmt::format("{} does not leave the outputs where they are looked for; {} does",
                                     there.substr(0, there.find(' ')), program)});
        return;
      }
      if (!there.empty()) return is_there(what, there.substr(0, there.find(' ')));
      if (!fs::exists(folder / "bin" / program)) {
        items.push_back({what, SetupState::wrong, fmt::format("the project has no bin/{}", program)});
        return;
      }
      add(what, {"bin/stop", "bin/start"}, [&] {
        if (!list) list = boinc::add(xml.root, "daemons");
        pugi::xml_node daemon = boinc::add(list, "daemon");
        boinc::add(daemon, "cmd", fmt::format("{} -d 2 --app {} --sleep_interval 1", program, options.app));
        boinc::add(daemon, "output", fmt::format("{}_{}.log", kind, options.app));
        boinc::add(daemon, "pid_file", fmt::format("{}_{}.pid", kind, options.app));
        is_changed = true;
      });
    };
    need("validator", "sample_bitwise_validator", {});
    if (options.is_remote)
      need("assimilator", "sample_dummy_assimilator", "sample_assimilator");
    else
      need("assimilator", "sample_assimilator", "sample_dummy_assimilator");
  }

  void downloads() {
    const DownloadTree tree = download_tree(folder.string());
    const std::string what = fmt::format("{}: open to the project's owner and its web server", tree.folder);
    const TreeFaults faults = faults_of(tree);
    if (!faults.inaccessible.empty()) {
      items.push_back({what, SetupState::wrong,
                       fmt::format("{} of its folders, {} for one, belong to somebody else or cannot be written. As root: chgrp -R "
                                   "{} {} && chmod -R ug+rw {} && find {} -type d -exec chmod 2775 {{}} +",
                                   faults.inaccessible.size(), faults.inaccessible.front(), group_of(folder), tree.folder,
                                   tree.folder, tree.folder)});
      return;
    }
    const std::string remark =
        fmt::format("the web server's user has to be in group {0}: usermod -a -G {0} www-data, and start the web server anew",
                    group_of(folder));
    if (faults.closed.empty() && faults.missing == 0) return is_there(what, options.is_remote ? remark : "");
    add(
        what, {}, [&] { mend(tree, faults); },
        fmt::format("{} folders that only one of the two could write, {} that are not there{}{}", faults.closed.size(),
                    faults.missing, options.is_remote ? "; " : "", options.is_remote ? remark : ""));
  }

  static std::string group_of(const fs::path& path) {
    struct stat status = {};
    ::stat(path.c_str(), &status);
    const struct group* const known = ::getgrgid(status.st_gid);
    return known ? known->gr_name : std::to_string(status.st_gid);
  }

  void refuse_if_full() const {
    std::size_t versions = 0;
    for (const mw::builds::FoundBuild& build : builds())
      if (!fs::exists(folder / "apps" / options.app) || !has_platform(build.platform)) ++versions;
    boinc::refuse_if_full(folder.string(), options.app, versions, options.limits);
  }
  bool has_platform(const std::string& platform) const {
    std::error_code error;
    for (const auto& version : fs::directory_iterator{folder / "apps" / options.app, error})
      if (fs::exists(version.path() / platform)) return true;
    return false;
  }
  std::vector<mw::builds::FoundBuild> builds() const {
    return mw::builds::find_worker_builds(options.workers, options.title.empty() ? options.app : options.title);
  }

  const SetupOptions& options;
  const fs::path folder;
  std::vector<SetupItem> items;
};

}  // namespace

std::string_view to_string(SetupState state) noexcept {
  switch (state) {
    case SetupState::there: return "there";
    case SetupState::written: return "written";
    case SetupState::missing: return "missing";
    case SetupState::wrong: return "wrong";
  }
  return "?";
}

std::vector<SetupItem> set_up_project(const SetupOptions& options) {
  if (!is_file_name(options.app)) throw UsageError{fmt::format("\"{}\" is no application's name", options.app)};
  try {
    Setup setup{options};
    setup.refuse_if_full();
    setup.application();
    setup.templates();
    setup.worker_builds();
    setup.configuration();
    setup.downloads();
    return std::move(setup.items);
  } catch (const fs::filesystem_error& e) {
    throw InterfaceError{e.what()};
  }
}

}  // namespace mw::boinc
