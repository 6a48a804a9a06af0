// The table of backends: the one place that knows them all.
#include <mw/boinc.hpp>
#include <mw/boinc_project.hpp>
#include <mw/interface.hpp>
#include <mw/mpi.hpp>
#include <mw/multicore.hpp>
#include <mw/serial.hpp>

#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mw {
namespace {

struct Backend {
  std::string_view name;
  /// What may follow the name: for error messages and --help.
  std::string_view form;
  /// Makes it from what follows the ':'; nothing where there is no ':'. Throws UsageError.
  std::unique_ptr<Interface> (*make)(std::optional<std::string_view> parameters);
};

std::unique_ptr<Interface> make_serial(std::optional<std::string_view> parameters) {
  if (parameters) throw UsageError{fmt::format("interface \"serial:{}\": serial takes no parameters", *parameters)};
  return std::make_unique<SerialInterface>();
}

std::unique_ptr<Interface> make_multicore(std::optional<std::string_view> parameters) {
  unsigned workers = 0;
  if (parameters) {
    const auto [end, error] = std::from_chars(parameters->data(), parameters->data() + parameters->size(), workers);
    if (error != std::errc{} || end != parameters->data() + parameters->size() || workers == 0 ||
        workers > MulticoreInterface::max_workers)
      throw UsageError{fmt::format("interface \"multicore:{}\": what follows the ':' is the number of workers, 1 to {}",
                                   *parameters, MulticoreInterface::max_workers)};
  }
  return std::make_unique<MulticoreInterface>(workers);
}

std::unique_ptr<Interface> make_mpi(std::optional<std::string_view> parameters) {
  const std::string text = parameters ? ":" + std::string{*parameters} : std::string{};
  return std::make_unique<MpiInterface>(MpiInterface::from_text(text));
}

#ifdef MW_HAVE_BOINC
std::unique_ptr<Interface> make_boinc(std::optional<std::string_view> parameters) {
  const std::string_view text = parameters ? *parameters : std::string_view{};
  if (BoincProjectInterface::is_meant(text)) return std::make_unique<BoincProjectInterface>(BoincProjectInterface::from_text(text));
  return std::make_unique<BoincInterface>(BoincInterface::from_text(text));
}
#else
std::unique_ptr<Interface> make_boinc(std::optional<std::string_view>) {
  throw UsageError{
      "the interface boinc was not built: install SQLite 3, libcurl and pugixml (Debian: libsqlite3-dev, libcurl4-openssl-dev, "
      "libpugixml-dev) and build CppMW anew"};
}
#endif

constexpr Backend backends[] = {
    {"serial", "serial", make_serial},
    {"multicore", "multicore[:N]", make_multicore},
    {"mpi", "mpi[:N][?hosts=a,b:4&…]", make_mpi},
    {"boinc", "boinc[:N][?quorum=Q&…], boinc:project=DIR, boinc:url=URL&auth=FILE", make_boinc},
};

}  // namespace

std::unique_ptr<Interface> interface(std::string_view spec) {
  const auto end = spec.find_first_of(":?");
  const auto name = spec.substr(0, end);
  std::optional<std::string_view> parameters;
  if (end != std::string_view::npos) parameters = spec.substr(spec[end] == ':' ? end + 1 : end);
  for (const Backend& backend : backends)
    if (backend.name == name) return backend.make(parameters);
  std::vector<std::string_view> forms;
  for (const Backend& backend : backends) forms.push_back(backend.form);
  throw UsageError{fmt::format("unknown interface \"{}\"; there are: {}", spec, fmt::join(forms, ", "))};
}

std::unique_ptr<Interface> interface(std::string_view spec, std::uint64_t workers) {
  if (spec == "serial" && workers == 1) return interface(spec);
  if (spec == "serial") throw UsageError{fmt::format("the serial interface has 1 worker, not {}", workers)};
  // NAME[:N][?MORE], or NAME:?MORE
  const auto question = spec.find('?');
  const std::string_view more = question == std::string_view::npos ? std::string_view{} : spec.substr(question);
  std::string_view plain = spec.substr(0, question);
  if (!more.empty() && plain.ends_with(':')) plain.remove_suffix(1);
  const std::string with_workers = fmt::format("{}:{}", plain.substr(0, plain.find(':')), workers);
  if (plain.find(':') != std::string_view::npos && plain != with_workers)
    throw UsageError{fmt::format("the interface \"{}\" and {} workers contradict each other: give the number once", spec, workers)};
  return interface(with_workers + std::string{more});
}

std::vector<std::string> interface_names() {
  std::vector<std::string> names;
  for (const Backend& backend : backends) names.emplace_back(backend.name);
  return names;
}

}  // namespace mw
