// Whatever Slurm's commands say is no answer, or one whose jobs have names that are safe in a command line, and words
// that are fit for a terminal. What is passed on to a shell comes out of it as it went in.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "parse/duration.hpp"
#include "slurm/job_end.hpp"
#include "tcp/launch/fleet.hpp"
#include "tcp/launch/slurm_text.hpp"

using namespace mw::tcp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (slurm::submitted_array(text) == std::uint64_t{0}) std::abort();
  if (const auto jobs = slurm::listed_jobs(text)) {
    for (const slurm::Job& job : *jobs) {
      if (job.id.find_first_not_of("0123456789_") != std::string::npos || job.id.front() == '_') std::abort();
      if ((job.state + job.node + job.reason).find_first_of("\x1b\n\r") != std::string::npos) std::abort();
      if (slurm::job_of_node(slurm::node_of_job(job.id)) != job.id) std::abort();
    }
    Fleet fleet{{.least = 1, .most = 3}};
    fleet.listed(*jobs, {});
    static_cast<void>(fleet.next(1, {}));
    static_cast<void>(fleet.missing());
  }
  if (slurm::last_line(text).find_first_of("\x1b\n\r") != std::string::npos) std::abort();
  if (const auto words = slurm::words_of(text))
    for (const auto& word : *words) static_cast<void>(slurm::fault_of_option(word));
  static_cast<void>(slurm::job_of_node(text));
  static_cast<void>(mw::slurm::read_end(text));
  static_cast<void>(mw::slurm::read_end_in_description(text));
  if (const auto time = mw::parse::duration(text); time && !(time->count() >= 0 && time->count() < 1e9)) std::abort();
  return 0;
}
