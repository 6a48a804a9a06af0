#include "boinc/submitter/outbox.hpp"

#include <filesystem>

#include "process/file.hpp"

namespace mw::boinc {

namespace fs = std::filesystem;

void fill_outbox(Batch& batch, const JobMaker& maker) {
  fs::remove_all(batch.outbox);
  fs::create_directories(batch.outbox);
  for (Job& job : batch.jobs) {
    process::write_new_file(batch.outbox + "/" + job.input_name(),
                            {reinterpret_cast<const char*>(job.input.data()), job.input.size()});
    job.input = {};
    for (const std::string& file : job.data) {
      const std::string to = batch.outbox + "/" + file;
      if (!fs::exists(to)) fs::create_hard_link(maker.path_of(file), to);
    }
  }
}

}  // namespace mw::boinc
