#include "multicore/spec.hpp"

#include <fmt/format.h>

#include "process/cores.hpp"
#include "resources/options.hpp"
#include "resources/shares.hpp"
#include "scripts/scripts.hpp"
#include "spec/options.hpp"
#include "spec/spec.hpp"

namespace mw::multicore {
namespace {

constexpr unsigned max_workers = MulticoreInterface::max_workers;
constexpr unsigned most_threads = 65'536;

}  // namespace

MulticoreOptions checked(MulticoreOptions options) {
  if (options.workers == 0) options.workers = process::available_cores();
  if (options.workers > max_workers)
    throw UsageError{fmt::format("multicore: {} workers are more than {}", options.workers, max_workers)};
  if (options.threads > most_threads)
    throw UsageError{fmt::format("multicore: {} threads for each task are more than {}", options.threads, most_threads)};
  if (!options.worker.empty()) scripts::check(options.worker);
  resources::check(options.shares, "multicore");
  return options;
}

MulticoreOptions options_of(std::string_view text) {
  static const spec::Table<MulticoreOptions> table = [] {
    spec::Table<MulticoreOptions> rows{spec::number<&MulticoreOptions::threads>("threads", 1, most_threads),
                                       spec::text<&MulticoreOptions::worker>("worker", "a program")};
    resources::add_rows<&MulticoreOptions::shares>(rows);
    return rows;
  }();
  constexpr std::string_view form = "multicore[:N][?threads=T][&worker=FILE][&cores=C][&memory=SIZE][&gpus=G][&label=WORD,…]";
  const spec::Spec given{"multicore", text, form};
  if (given.number() && given.number()->empty()) given.refuse("a number of workers is missing behind the ':'");
  MulticoreOptions options{.workers = given.count(max_workers).value_or(0)};
  if (given.options()) spec::read_options(options, *given.options(), table, [&](const std::string& why) { given.refuse(why); });
  return options;
}

}  // namespace mw::multicore
