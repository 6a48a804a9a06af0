#include "mw/boinc_key.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <mw/error.hpp>

#ifdef MW_HAVE_BOINC
#include "boinc/key_ring.hpp"
#include "process/standard_streams.hpp"
#endif

namespace mw::tool {

void add_boinc_key(CLI::App& cli, BoincKeyCommand& command) {
  auto* key = cli.add_subcommand("boinc-key", "Makes a volunteer's own key, for a project whose program runs with keys=each.");
  key->add_option("folder", command.state, "the project's folder: the program's state=, or ~/.local/state/cppmw/boinc/PROGRAM")
      ->required();
  key->add_option("name", command.name,
                  "what the volunteer is called: a file of this name holds the key; delete it to take the key back")
      ->required();
  key->footer(
      "Prints the file's path. Give the file to the volunteer, who joins with\n"
      "  mw volunteer URL --key-file FILE\n"
      "  boinccmd --project_attach URL \"$(cat FILE)\"\n"
      "Example: mw boinc-key ~/.local/state/cppmw/boinc/monte_pi alice");
}

void boinc_key([[maybe_unused]] const BoincKeyCommand& command) {
#ifdef MW_HAVE_BOINC
  if (!std::filesystem::exists(command.state + "/account_key"))
    throw UsageError{fmt::format(
        "there is no project in {}: a project's folder is made when its program first runs (with -i boinc:…)", command.state)};
  process::print(boinc::KeyRing::add(command.state + "/keys", command.name) + "\n");
#else
  throw UsageError{"this mw was built without BOINC (MW_BOINC=OFF)"};
#endif
}

}  // namespace mw::tool
