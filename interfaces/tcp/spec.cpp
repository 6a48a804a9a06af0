#include "tcp/spec.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "net/endpoint.hpp"
#include "net/key_file.hpp"
#include "parse/number.hpp"
#include "process/cores.hpp"
#include "resources/options.hpp"
#include "scripts/scripts.hpp"
#include "spec/spec.hpp"
#include "tcp/launch/slurm_text.hpp"

namespace mw::tcp {
namespace {

constexpr std::string_view form =
    "tcp[:N] or "
    "tcp[:N?]key=FILE[&listen=ADDRESS:PORT][&discovery=no|GROUP:PORT][&local=N][&launch=ssh:HOST[:N],…][&launch=slurm:N or "
    "slurm:LEAST-MOST[&slurm_options=…][&slurm_folder=DIR][&slurm_idle_s=X][&slurm_timeout_s=X]][&join_within_s=X][&workers=DIR][&"
    "lost_after_s=X][&threads=T][&worker=FILE][&cores=C][&memory=SIZE][&gpus=G][&label=WORD,…]";

constexpr unsigned most_threads = 65'536;
/// What is expected of nodes of which nothing is known.
constexpr unsigned usual_slots = 16;

/// "4" or "1-20"
bool set_jobs(TcpOptions& options, std::string_view text) {
  const auto least = parse::take_number<unsigned>(text);
  if (!least) return false;
  const auto most = text.empty() ? least : text.front() == '-' ? parse::number<unsigned>(text.substr(1)) : std::nullopt;
  if (!most || *most == 0 || *most < *least || *most > TcpInterface::max_slots) return false;
  options.slurm_least = *least;
  options.slurm_most = *most;
  return true;
}

/// "ssh:pi1,pi2:4", "slurm:1-20"
bool set_launch(TcpOptions& options, std::string_view value) {
  constexpr std::string_view by_ssh = "ssh:", by_slurm = "slurm:";
  if (value.starts_with(by_slurm)) return set_jobs(options, value.substr(by_slurm.size()));
  if (!value.starts_with(by_ssh)) return false;
  options.ssh_hosts = spec::list_in(value.substr(by_ssh.size()));
  return !options.ssh_hosts.empty();
}

bool set_slurm_options(TcpOptions& options, std::string_view value) {
  const auto words = slurm::words_of(value);
  if (words) options.slurm_options = *words;
  return words.has_value();
}

/// Letters, digits, '.', '-', '_' and one '@': nothing that ssh or a shell takes for something else.
bool is_ssh_address(std::string_view text) {
  const auto at = text.find('@');
  const auto host = at == std::string_view::npos ? text : text.substr(at + 1);
  const auto user = at == std::string_view::npos ? std::string_view{"x"} : text.substr(0, at);
  return net::is_node_name(host) && host.front() != '-' && net::is_node_name(user) && user.front() != '-';
}

const spec::Table<TcpOptions>& options_table() {
  using Options = TcpOptions;
  constexpr double least_s = 0.1, most_s = 1e6;
  static const spec::Table<Options> table = [] {
    spec::Table<Options> rows{
        spec::text<&Options::listen>("listen", "an address and a port"),
        spec::text<&Options::key>("key", "a file"),
        spec::text<&Options::discovery>("discovery", "no, GROUP:PORT or PORT"),
        spec::number<&Options::local_slots>("local", 1, TcpInterface::max_slots),
        {"launch", fmt::format("ssh:HOST,HOST:SLOTS,… or slurm:N or slurm:LEAST-MOST, up to {} nodes", TcpInterface::max_slots),
         set_launch},
        {"slurm_options", "options of sbatch with blanks between, in quotation marks where there are blanks in them",
         set_slurm_options},
        spec::text<&Options::slurm_folder>("slurm_folder", "a folder"),
        spec::seconds<&Options::slurm_idle>("slurm_idle_s", least_s, most_s),
        spec::seconds<&Options::slurm_timeout>("slurm_timeout_s", least_s, most_s),
        spec::seconds<&Options::join_within>("join_within_s", least_s, most_s),
        spec::text<&Options::workers>("workers", "a folder"),
        spec::seconds<&Options::lost_after>("lost_after_s", least_s, most_s),
        spec::number<&Options::threads>("threads", 1, most_threads),
        spec::text<&Options::worker>("worker", "a program"),
    };
    resources::add_rows<&Options::shares>(rows);
    return rows;
  }();
  return table;
}

constexpr std::string_view no_discovery = "no";

bool has_jobs(const TcpOptions& options) { return options.slurm_most > 0; }
bool may_others_join(const TcpOptions& options) { return !options.listen.empty() || !options.key.empty() || has_jobs(options); }

void check_jobs(const TcpOptions& options) {
  if (options.slurm_least > options.slurm_most || options.slurm_most > TcpInterface::max_slots)
    throw UsageError{fmt::format("tcp: from {} to {} jobs of Slurm's: the first number is the lower one, and {} are the most",
                                 options.slurm_least, options.slurm_most, TcpInterface::max_slots)};
  const TcpOptions usual;
  const bool has_wishes = !options.slurm_options.empty() || !options.slurm_folder.empty() ||
                          options.slurm_idle != usual.slurm_idle || options.slurm_timeout != usual.slurm_timeout;
  if (has_wishes && !has_jobs(options)) throw UsageError{"tcp: options for Slurm's jobs, and no launch=slurm:N"};
  for (const std::string& word : options.slurm_options)
    if (const std::string fault = slurm::fault_of_option(word); !fault.empty())
      throw UsageError{fmt::format("tcp: slurm_options: \"{}\": {}", word, fault)};
  if (!spec::is_in_measure(options.slurm_idle, std::chrono::milliseconds{1}) ||
      !spec::is_in_measure(options.slurm_timeout, std::chrono::milliseconds{1}))
    throw UsageError{"tcp: slurm_idle and slurm_timeout are times from 1 ms to 1e9 seconds"};
}

}  // namespace

TcpOptions options_of(const DiscoverOptions& options) {
  if (options.key.empty()) throw UsageError{"discover: nodes are found by the key that they have; `mw keygen FILE` makes one"};
  if (options.slots == 0) throw UsageError{"discover: at least one slot is to be found"};
  if (options.discovery == no_discovery) throw UsageError{"discover: discovery is what finds the nodes, and cannot be off"};
  if (!spec::is_in_measure(options.within, std::chrono::milliseconds{1}))
    throw UsageError{"discover: within is a time from 1 ms to 1e9 seconds"};
  return {.key = options.key, .discovery = options.discovery, .expected = options.slots, .join_within = options.within};
}

std::optional<net::Groups> groups_of(const TcpOptions& options) {
  if (options.listen.empty() || options.key.empty() || options.discovery == no_discovery) return std::nullopt;
  return options.discovery.empty() ? net::usual_groups() : net::groups_of(options.discovery);
}

TcpOptions options_of(std::string_view text) {
  TcpOptions options;
  const spec::Spec given{"tcp", text, form};
  if (given.number() && given.number()->empty() && !given.options()) given.refuse("a number of slots is missing behind the ':'");
  if (given.options() && given.options()->empty()) given.refuse("nothing follows the '?'");
  given.read(options, options_table());
  if (const auto slots = given.count(TcpInterface::max_slots, "slots")) {
    if (!may_others_join(options) && options.local_slots > 0 && options.local_slots != *slots)
      given.refuse("local= and the number behind the ':' are the same thing where nobody else can join: give it once");
    (may_others_join(options) ? options.expected : options.local_slots) = *slots;
  }
  if (!options.listen.empty() && options.key.empty() && !has_jobs(options))
    given.refuse("whoever listens needs a key (key=FILE), or anybody could join; `mw keygen FILE` makes one");
  return options;
}

TcpOptions checked(TcpOptions options) {
  if (options.local_slots > TcpInterface::max_slots || options.expected > TcpInterface::max_slots)
    throw UsageError{
        fmt::format("tcp: {} slots are more than {}", std::max(options.local_slots, options.expected), TcpInterface::max_slots)};
  if (options.threads > most_threads)
    throw UsageError{fmt::format("tcp: {} threads for each task are more than {}", options.threads, most_threads)};
  if (!spec::is_in_measure(options.join_within, std::chrono::milliseconds{0}))
    throw UsageError{"tcp: join_within is a time from 0 to 1e9 seconds"};
  if (!spec::is_in_measure(options.lost_after, std::chrono::milliseconds{1}))
    throw UsageError{"tcp: lost_after is a time from 1 ms to 1e9 seconds"};
  check_jobs(options);
  if (!options.listen.empty() && options.key.empty() && !has_jobs(options))
    throw UsageError{"tcp: whoever listens needs a key, or anybody could join; `mw keygen FILE` makes one"};
  if (options.key.empty() && !options.ssh_hosts.empty())
    throw UsageError{"tcp: nodes on other machines need a key: say key=FILE; `mw keygen FILE` makes one"};
  if (options.key.empty() && !options.discovery.empty())
    throw UsageError{"tcp: nobody but the local node can join without a key, and it needs no discovery: say key=FILE"};
  if (options.listen.empty() && may_others_join(options)) options.listen = net::any_free_port();
  static_cast<void>(groups_of(options));
  if (!options.worker.empty()) scripts::check(options.worker);
  resources::check(options.shares, "tcp");
  static_cast<void>(hosts_of(options));
  const bool says_what_local_has =
      options.shares.cores != 0 || options.shares.memory != 0 || options.shares.gpus || !options.shares.labels.empty();
  if (!options.listen.empty() && options.local_slots == 0 && says_what_local_has)
    throw UsageError{
        "tcp: cores, memory, gpus and label are those of the local node, and there is none: say local=N; other nodes say what they "
        "have themselves (mw node --gpus …)"};
  if (options.listen.empty() && options.local_slots == 0) options.local_slots = process::available_cores();
  if (options.expected == 0 && has_jobs(options)) options.expected = std::max(options.slurm_least, 1U) + options.local_slots;
  if (options.expected == 0) options.expected = options.local_slots > 0 ? options.local_slots : usual_slots;
  return options;
}

std::vector<LaunchHost> hosts_of(const TcpOptions& options) {
  std::vector<LaunchHost> hosts;
  for (const std::string& text : options.ssh_hosts) {
    const auto colon = text.find(':');
    LaunchHost host{text.substr(0, colon)};
    if (!is_ssh_address(host.address))
      throw UsageError{fmt::format("tcp: launch: \"{}\" is no host that ssh can reach, HOST or USER@HOST", host.address)};
    if (colon != std::string::npos) {
      const auto slots = parse::number<unsigned>(std::string_view{text}.substr(colon + 1), 1, TcpInterface::max_slots);
      if (!slots)
        throw UsageError{fmt::format("tcp: launch: \"{}\": what follows the ':' is how many slots the host has, 1 to {}", text,
                                     TcpInterface::max_slots)};
      host.slots = *slots;
    }
    hosts.push_back(std::move(host));
  }
  return hosts;
}

}  // namespace mw::tcp
