// Copies of data files, on a real disk that takes no more.
#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "boinc/jobs/data_files.hpp"
#include "support/temporary.hpp"
#include "worker/task_folder.hpp"

namespace {

/// Files of this process get no longer than that.
class LongestFile {
 public:
  explicit LongestFile(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const struct rlimit now = {bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
  }
  ~LongestFile() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }
  LongestFile(const LongestFile&) = delete;
  LongestFile& operator=(const LongestFile&) = delete;

 private:
  struct rlimit before_ = {};
  void (*handler_)(int) = SIG_DFL;
};

}  // namespace

TEST_CASE("a copy that finds no room says why, and leaves nothing", "[boinc][data_files]") {
  const test::TemporaryFolder folder;
  const std::string from = folder.path("from"), to = folder.path("to");
  std::ofstream{from} << std::string(500'000, 'x');
  std::string why;
  {
    const LongestFile limit{300'000};  // in the middle of what is written at a time
    try {
      mw::boinc::copy_file(from, to);
    } catch (const mw::worker::StagingError& e) {
      why = e.what();
    }
  }
  CHECK(why == to + " cannot be written: File too large");
  CHECK_FALSE(std::filesystem::exists(to));
  CHECK(mw::boinc::copy_file(from, to).nbytes == 500'000);
}
