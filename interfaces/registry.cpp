// The table of backends: the one place that knows them all.
#include <mw/interface.hpp>
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

constexpr Backend backends[] = {
    {"serial", "serial", make_serial},
    {"multicore", "multicore[:N]", make_multicore},
};

}  // namespace

std::unique_ptr<Interface> interface(std::string_view spec) {
  const auto colon = spec.find(':');
  const auto name = spec.substr(0, colon);
  const auto parameters = colon == std::string_view::npos ? std::nullopt : std::optional{spec.substr(colon + 1)};
  for (const Backend& backend : backends)
    if (backend.name == name) return backend.make(parameters);
  std::vector<std::string_view> forms;
  for (const Backend& backend : backends) forms.push_back(backend.form);
  throw UsageError{fmt::format("unknown interface \"{}\"; there are: {}", spec, fmt::join(forms, ", "))};
}

std::unique_ptr<Interface> interface(std::string_view spec, std::uint64_t workers) {
  if (spec == "serial" && workers == 1) return interface(spec);
  if (spec == "serial") throw UsageError{fmt::format("the serial interface has 1 worker, not {}", workers)};
  const std::string with_workers = fmt::format("{}:{}", spec.substr(0, spec.find(':')), workers);
  if (spec.find(':') != std::string_view::npos && spec != with_workers)
    throw UsageError{fmt::format("the interface \"{}\" and {} workers contradict each other: give the number once", spec, workers)};
  return interface(with_workers);
}

std::vector<std::string> interface_names() {
  std::vector<std::string> names;
  for (const Backend& backend : backends) names.emplace_back(backend.name);
  return names;
}

}  // namespace mw
