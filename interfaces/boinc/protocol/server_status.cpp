#include "boinc/protocol/server_status.hpp"

#include <algorithm>

#include "boinc/policy/daemons.hpp"
#include "boinc/protocol/php_notices.hpp"
#include "boinc/protocol/xml.hpp"

namespace mw::boinc {
namespace {

/// "sample_bitwise_validator (pi)": a program, and the application that it is for.
struct Command {
  explicit Command(std::string_view text) : program{text.substr(0, text.find(' '))} {
    const auto open = text.rfind('(');
    if (open != std::string_view::npos && text.ends_with(')')) app = text.substr(open + 1, text.size() - open - 2);
  }
  std::string_view program, app;
};

}  // namespace

std::vector<std::string> daemons_down(std::string_view page, std::string_view app) {
  const std::string text = without_notices(page.substr(0, longest_server_status)).text;
  const Document document = parse_document(text, "server_status");
  const pugi::xml_node all = document.root.child("daemon_status");
  if (!all) throw BadMessage{"a server_status without a daemon_status"};
  std::vector<std::string> down;
  for (const pugi::xml_node& daemon : all.children("daemon")) {
    if (text_in(daemon, "status") != "not running") continue;
    std::string name = text_in(daemon, "command");
    const Command command{name};
    if (name.empty() || !needs_daemon(command.program, command.app, app)) continue;
    if (name.size() > longest_daemon_name) name.resize(longest_daemon_name);
    // Where several do the same, with parts of the work each, they have one name.
    if (std::find(down.begin(), down.end(), name) == down.end()) down.push_back(std::move(name));
    if (down.size() == most_daemons_named) break;
  }
  return down;
}

}  // namespace mw::boinc
