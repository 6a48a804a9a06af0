// The table of backends: the one place that knows them all.
#include <mw/boinc.hpp>
#include <mw/boinc_project.hpp>
#include <mw/interface.hpp>
#include <mw/mpi.hpp>
#include <mw/multicore.hpp>
#include <mw/pool.hpp>
#include <mw/serial.hpp>
#include <mw/tcp.hpp>

#include <algorithm>
#include <memory>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "names.hpp"
#include "spec/spec.hpp"

namespace mw {
namespace {

struct Backend {
  std::string_view name;
  /// What may follow the name: for error messages and --help.
  std::string_view form;
  std::uint64_t most_workers;
  /// Makes it from what follows the name, as it was written: "", ":4", "?quorum=2". Throws UsageError.
  std::unique_ptr<Interface> (*make)(std::string_view text);
};

std::unique_ptr<Interface> make_serial(std::string_view text) {
  if (!text.empty()) spec::Spec{"serial", text, "serial"}.refuse("serial takes no parameters");
  return std::make_unique<SerialInterface>();
}

std::unique_ptr<Interface> make_multicore(std::string_view text) {
  return std::make_unique<MulticoreInterface>(MulticoreInterface::from_text(text));
}

std::unique_ptr<Interface> make_tcp(std::string_view text) { return std::make_unique<TcpInterface>(TcpInterface::from_text(text)); }

std::unique_ptr<Interface> make_mpi(std::string_view text) { return std::make_unique<MpiInterface>(MpiInterface::from_text(text)); }

#ifdef MW_HAVE_BOINC
std::unique_ptr<Interface> make_boinc(std::string_view text) {
  if (BoincProjectInterface::is_meant(text)) return std::make_unique<BoincProjectInterface>(BoincProjectInterface::from_text(text));
  return std::make_unique<BoincInterface>(BoincInterface::from_text(text));
}
bool is_existing_project(std::string_view spec) {
  return spec.starts_with("boinc") && BoincProjectInterface::is_meant(spec.substr(std::string_view{"boinc"}.size()));
}
#else
bool is_existing_project(std::string_view) { return false; }
std::unique_ptr<Interface> make_boinc(std::string_view) {
  throw UsageError{
      "the interface boinc was not built: install SQLite 3, libcurl and pugixml (Debian: libsqlite3-dev, libcurl4-openssl-dev, "
      "libpugixml-dev) and build CppMW anew"};
}
#endif

constexpr Backend backends[] = {
    {"serial", "serial", 1, make_serial},
    {"multicore", "multicore[:N][?threads=T][&worker=FILE][&cores=C][&memory=SIZE][&gpus=G][&label=WORD,…]",
     MulticoreInterface::max_workers, make_multicore},
    {"tcp", "tcp[:N], tcp[:N?]listen=ADDRESS:PORT&key=FILE[&…]", TcpInterface::max_slots, make_tcp},
    {"mpi", "mpi[:N][?hosts=a,b:4&…]", MpiInterface::max_workers, make_mpi},
    {"boinc", "boinc[:N][?quorum=Q&…], boinc:project=DIR, boinc:url=URL&auth=FILE", BoincInterface::max_local_volunteers,
     make_boinc},
};

static_assert(std::ranges::equal(backends, backend_names, {}, &Backend::name), "names.hpp has them, too");

const Backend& backend_of(std::string_view spec) {
  const auto name = spec::name_of(spec);
  for (const Backend& backend : backends)
    if (backend.name == name) return backend;
  throw UsageError{fmt::format("unknown interface \"{}\"; there are: {}", spec, interface_help())};
}

std::unique_ptr<Interface> make_one(std::string_view spec) {
  const Backend& backend = backend_of(spec);
  return backend.make(spec.substr(backend.name.size()));
}

}  // namespace

std::unique_ptr<Interface> interface(std::string_view spec) {
  const auto members = spec::members_of(spec, backend_names);
  if (members.size() == 1) return make_one(spec);
  std::vector<std::unique_ptr<Interface>> made;
  for (const std::string_view member : members) {
    if (member.empty())
      throw UsageError{
          fmt::format("interface \"{}\": an interface is missing beside a '+'; the form is INTERFACE+INTERFACE", spec)};
    made.push_back(make_one(member));
  }
  return std::make_unique<PoolInterface>(std::move(made));
}

std::unique_ptr<Interface> interface(std::string_view spec, std::uint64_t workers) {
  if (spec::members_of(spec, backend_names).size() > 1) {
    static_cast<void>(interface(spec));  // what is wrong with it is said first
    throw UsageError{
        fmt::format("\"{}\" has several members, and {} workers may be of any: give the number to a member, as in "
                    "multicore:{}+…",
                    spec, workers, workers)};
  }
  const Backend& backend = backend_of(spec);
  if (workers < 1 || workers > backend.most_workers)
    throw UsageError{fmt::format("{} has {} worker{}, not {}", backend.name,
                                 backend.most_workers == 1 ? "1" : fmt::format("1 to {}", backend.most_workers),
                                 backend.most_workers == 1 ? "" : "s", workers)};
  if (spec == "serial") return interface(spec);
  if (is_existing_project(spec)) throw UsageError{fmt::format("\"{}\" has the workers of its project, not {}", spec, workers)};
  static_cast<void>(interface(spec));  // what is wrong with it is said of what was typed
  const auto with_workers = spec::with_count(spec, workers);
  if (!with_workers)
    throw UsageError{fmt::format("the interface \"{}\" and {} workers contradict each other: give the number once", spec, workers)};
  return interface(*with_workers);
}

std::string default_interface() { return "multicore"; }

std::vector<std::string> interface_names() { return {backend_names.begin(), backend_names.end()}; }

std::vector<std::string> interface_forms() {
  std::vector<std::string> forms;
  for (const Backend& backend : backends) forms.emplace_back(backend.form);
  return forms;
}

std::string interface_help() {
  return fmt::format("{}; or several as one, with + between: multicore:2+tcp:listen=…&key=…", fmt::join(interface_forms(), "; "));
}

}  // namespace mw
