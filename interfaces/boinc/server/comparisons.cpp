#include "boinc/server/comparisons.hpp"

#include <memory>
#include <utility>

namespace mw::boinc {

void Comparisons::start(std::int64_t workunit, Question question) {
  const auto comparison = std::make_shared<Comparison>(Comparison{std::move(question), {}, {}});
  side_.run(
      [comparison](const std::stop_token& stop) {
        try {
          comparison->verdict = compare(comparison->question, stop);
        } catch (...) {
          comparison->failure = std::current_exception();
        }
      },
      [this, workunit, comparison] {
        under_way_.erase(workunit);
        done_(workunit, *comparison);
      });
  under_way_.insert(workunit);
}

}  // namespace mw::boinc
