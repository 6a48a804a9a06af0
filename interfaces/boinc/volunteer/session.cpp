#include "boinc/volunteer/session.hpp"

#include <ctime>

#include <fmt/chrono.h>

#include "boinc/protocol/md5.hpp"
#include "boinc/protocol/signing.hpp"
#include "boinc/volunteer/host_facts.hpp"
#include "http/origin.hpp"
#include "log/escaped.hpp"
#include "process/standard_streams.hpp"

namespace mw::boinc {
namespace {

constexpr std::size_t longest_line = 4'000;

std::string with_slash(std::string url) {
  if (!url.ends_with('/')) url += '/';
  return url;
}

bool is_key(const std::string& text) {
  try {
    VerifyingKey{text};
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

Session::Session(VolunteerOptions given, std::function<bool()> alive, std::function<bool()> broken_off)
    : options{std::move(given)},
      home{options.folder},
      state{VolunteerState::load(home.state_path())},
      transfer{std::move(alive)},
      is_broken_off{std::move(broken_off)} {
  options.url = with_slash(options.url);
  adopt_state();
  if (state.cpid.empty()) state.cpid = random_hex(16);
  if (state.fpops == 0) state.fpops = measure_fpops();
  save();
}

/// The account key is for this project only: it does not go where an earlier one had its scheduler.
void Session::adopt_state() {
  if (state.url != options.url) {
    if (!state.url.empty() && http::Origin{state.url}.host != http::Origin{options.url}.host)
      throw InterfaceError{
          fmt::format("the folder {} belongs to {}: give another --folder for {}, or leave the first project with mw "
                      "volunteer {} --leave",
                      home.path().string(), state.url, options.url, state.url)};
    state.scheduler_url.clear();
    state.url = options.url;
  }
  if (!state.code_sign_key.empty() && !is_key(state.code_sign_key)) {
    warn("what was kept as the project's key is none, and is forgotten");
    state.code_sign_key.clear();
  }
}

void Session::tell_line(std::string_view text) {
  process::tell(fmt::format("{:%H:%M:%S} {}\n", fmt::localtime(std::time(nullptr)), log::escaped(text.substr(0, longest_line))));
}

void Session::warn(std::string_view text) const {
  const std::string name = options.name.empty() ? std::string{} : " " + options.name;
  process::tell(log::escaped(fmt::format("mw volunteer{}: {} {}", name, options.url, text.substr(0, longest_line))) + "\n");
}

}  // namespace mw::boinc
