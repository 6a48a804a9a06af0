// The server where files may not get longer than so much (ulimit -f), and a longer one ends a process that does not
// look out.
#include <catch2/catch.hpp>

#include <sys/resource.h>

#include "boinc/pool.hpp"

using test::EmulatedVolunteer;
using test::Pool;
using test::status_of;

namespace {

class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const struct rlimit now = {bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  struct rlimit before_ = {};
};

std::string letters(std::uint64_t size) { return std::string(size, 'l'); }
std::uint64_t length(const std::string& text) { return text.size(); }

}  // namespace

TEST_CASE("an upload that is longer than a file may be is refused for now, and the server goes on", "[boinc][upload]") {
  Pool pool;
  const auto task = pool.master.submit_task<letters>(1'000'000);
  REQUIRE(pool.waits_for(1));
  auto volunteer = pool.volunteer("a");
  const auto reply = test::work_for(volunteer);
  const std::string content = test::text_of(test::answer_to(volunteer.input_of(reply).span()));
  const auto head = EmulatedVolunteer::head_of(EmulatedVolunteer::output_of(reply), content);
  {
    const FileSizeLimit limit{300'000};
    const auto refusal = volunteer.upload(head, content);
    CHECK(refusal.status == mw::boinc::UploadStatus::transient);
    CHECK(refusal.message == "it cannot be stored: File too large");
  }
  CHECK(volunteer.upload(head, content).status == mw::boinc::UploadStatus::done);
  volunteer.finish(reply, 0, content);
  volunteer.send();
  CHECK(pool.master.get_result(task).size() == 1'000'000);
}

TEST_CASE("a database that is longer than a file may be is an error that names it, and nothing is lost", "[boinc][server]") {
  const test::ProjectFolders folders;
  const std::string argument(100'000, 'a');
  {
    mw::Master master{mw::interface(folders.spec())};
    static_cast<void>(master.submit_task<length>(argument));
    REQUIRE(test::eventually([&] { return status_of(master, "tasks_waiting") == 1; }));
    const FileSizeLimit limit{1'000'000};
    std::string why;
    try {
      std::vector<mw::Task<std::uint64_t>> tasks;
      for (int i = 0; i < 20; ++i) tasks.push_back(master.submit_task<length>(argument + std::to_string(i)));
      master.wait_all();
    } catch (const mw::InterfaceError& e) {
      why = e.what();
    }
    INFO(why);
    CHECK(why.find(folders.path("state/project.db")) != std::string::npos);
    CHECK(why.find("no more than 1000000 bytes (ulimit -f)") != std::string::npos);
  }
  mw::Master master{mw::interface(folders.spec())};
  const auto task = master.submit_task<length>(argument);
  REQUIRE(test::eventually([&] { return status_of(master, "tasks_waiting") == 1; }));
  EmulatedVolunteer volunteer{test::url_of(master), folders.key(), "a"};
  CHECK(volunteer.work() == 1);
  CHECK(master.get_result(task) == argument.size());
}
