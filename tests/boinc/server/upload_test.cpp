// Uploads: each is a file of its own until it is whole, and what is read back is what was agreed on.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include "boinc/policy/upload_room.hpp"
#include "boinc/pool.hpp"
#include "support/raw_connection.hpp"

namespace fs = std::filesystem;
using mw::boinc::UploadStatus;
using test::EmulatedVolunteer;
using test::Pool;
using test::status_of;
using test::url_of;

namespace {

std::string much_of(char letter, std::uint64_t size) { return std::string(size, letter); }
constexpr std::uint64_t large = 300'000;

/// An answer to the reply's only task, as if the function had returned this.
std::string answer_with(const std::string& value) {
  mw::Bytes answer;
  const mw::Bytes encoded = mw::encode(value);
  mw::wire::append(answer, mw::wire::Result{1, 1, 1, {}, {}, encoded.span()});
  mw::wire::append(answer, mw::wire::Bye{});
  return test::text_of(answer);
}

std::vector<fs::path> files_in(const std::string& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator{folder}) files.push_back(entry.path());
  return files;
}

}  // namespace

TEST_CASE("an upload that is held back until another was agreed on changes nothing, a restart included", "[boinc][upload]") {
  test::ProjectFolders folders;
  const std::string right = much_of('r', large), wrong = much_of('w', large);
  {
    mw::Master master{mw::interface(folders.spec())};
    const auto task = master.submit_task<much_of>('r', large);
    std::ignore = master.submit_task<much_of>('o', large);  // keeps the run open
    REQUIRE(test::eventually([&] { return status_of(master, "tasks_waiting") == 2; }));
    EmulatedVolunteer volunteer{url_of(master), folders.key(), "a"};
    const auto reply = test::work_for(volunteer);
    const auto& file = EmulatedVolunteer::output_of(reply);

    const std::string lie = answer_with(wrong), truth = answer_with(right);
    const std::string head = mw::boinc::to_text(EmulatedVolunteer::head_of(file, lie));
    test::RawConnection held_back{url_of(master)};
    REQUIRE(held_back.send(test::post_head("/file_upload_handler", head.size() + lie.size()) + head + lie.substr(0, 100'000)));
    REQUIRE(test::eventually([&] { return !files_in(folders.path("state/upload")).empty(); }));

    REQUIRE(volunteer.upload(EmulatedVolunteer::head_of(file, truth), truth).status == UploadStatus::done);
    volunteer.finish(reply, 0, truth);
    volunteer.send();
    CHECK((master.get_result(task) == right));
    held_back.send(lie.substr(100'000));
    held_back.receive_answer();
  }
  mw::Master master{mw::interface(folders.spec())};
  const auto task = master.submit_task<much_of>('r', large);
  std::ignore = master.submit_task<much_of>('o', large);
  CHECK((master.get_result(task) == right));
  CHECK(status_of(master, "instances_sent") == 0);
}

TEST_CASE("a stored result that is not what was agreed on any more is computed again", "[boinc][upload]") {
  test::ProjectFolders folders;
  const std::string right = much_of('r', large);
  {
    mw::Master master{mw::interface(folders.spec())};
    const auto task = master.submit_task<much_of>('r', large);
    std::ignore = master.submit_task<much_of>('o', large);
    REQUIRE(test::eventually([&] { return status_of(master, "tasks_waiting") == 2; }));
    EmulatedVolunteer volunteer{url_of(master), folders.key(), "a"};
    CHECK(volunteer.work() == 1);
    CHECK((master.get_result(task) == right));
  }
  const auto files = files_in(folders.path("state/upload"));
  REQUIRE(files.size() == 1);
  std::fstream{files.front(), std::ios::in | std::ios::out | std::ios::binary}.seekp(1000).put('x');
  mw::Master master{mw::interface(folders.spec())};
  const auto task = master.submit_task<much_of>('r', large);
  REQUIRE(test::eventually([&] { return status_of(master, "tasks_waiting") == 1; }));
  EmulatedVolunteer volunteer{url_of(master), folders.key(), "a"};
  while (!task.done() && volunteer.work() > 0) {
  }
  CHECK((master.get_result(task) == right));
}

TEST_CASE("an upload goes on from its own part only, and not with another content", "[boinc][upload]") {
  Pool pool;
  const auto task = pool.master.submit_task<much_of>('r', large);
  REQUIRE(pool.waits_for(1));
  auto volunteer = pool.volunteer("a");
  const auto reply = test::work_for(volunteer);
  const std::string truth = answer_with(much_of('r', large)), other = answer_with(much_of('w', large));
  const auto& file = EmulatedVolunteer::output_of(reply);
  auto head = EmulatedVolunteer::head_of(file, truth);
  const auto size_here = [&] {
    return volunteer.upload({.name = head.name, .asks_size = true, .permission = {}, .md5 = {}}, "").file_size;
  };
  CHECK(volunteer.upload(EmulatedVolunteer::head_of(file, other), other.substr(0, 100'000)).status == UploadStatus::transient);
  CHECK(size_here() == 100'000);
  head.offset = 100'000;
  CHECK(volunteer.upload(head, truth.substr(100'000)).status == UploadStatus::transient);  // that part is of another content
  CHECK(size_here() == 0);                                                                 // begin anew
  head.offset = 0;
  CHECK(volunteer.upload(head, truth.substr(0, 150'000)).status == UploadStatus::transient);
  CHECK(size_here() == 150'000);
  head.offset = 120'000;
  CHECK(volunteer.upload(head, truth.substr(120'000)).status == UploadStatus::done);
  CHECK(size_here() == static_cast<std::int64_t>(truth.size()));
  volunteer.finish(reply, 0, truth);
  volunteer.send();
  CHECK((pool.master.get_result(task) == much_of('r', large)));
}

TEST_CASE("what was uploaded in part is there after a restart", "[boinc][upload]") {
  test::ProjectFolders folders;
  std::optional<EmulatedVolunteer> volunteer;
  mw::boinc::SchedulerReply reply;
  const std::string truth = answer_with(much_of('r', large));
  std::string port;
  {
    mw::Master master{mw::interface(folders.spec())};
    std::ignore = master.submit_task<much_of>('r', large);
    REQUIRE(test::eventually([&] { return status_of(master, "tasks_waiting") == 1; }));
    port = url_of(master).substr(url_of(master).rfind(':') + 1);
    port.pop_back();
    volunteer.emplace(url_of(master), folders.key(), "a");
    reply = test::work_for(*volunteer);
    CHECK(volunteer->upload(EmulatedVolunteer::head_of(EmulatedVolunteer::output_of(reply), truth), truth.substr(0, 100'000))
              .status == UploadStatus::transient);
  }
  mw::Master master{mw::interface(folders.spec("&listen=127.0.0.1:" + port))};
  const auto task = master.submit_task<much_of>('r', large);
  auto head = EmulatedVolunteer::head_of(EmulatedVolunteer::output_of(reply), truth);
  CHECK(volunteer->upload({.name = head.name, .asks_size = true, .permission = {}, .md5 = {}}, "").file_size == 100'000);
  head.offset = 100'000;
  CHECK(volunteer->upload(head, truth.substr(100'000)).status == UploadStatus::done);
  volunteer->finish(reply, 0, truth);
  volunteer->send();
  CHECK((master.get_result(task) == much_of('r', large)));
}

TEST_CASE("a host whose results wait for others stores so many bytes, and goes on when they agree", "[boinc][upload]") {
  Pool pool{"&quorum=2&max_output_mb=1&workunits_per_processor=20"};
  constexpr std::uint64_t size = 500'000;  // two of them are compared at once, and not beside the loop
  constexpr int count = 17;
  std::vector<mw::Task<std::string>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(pool.master.submit_task<much_of>(static_cast<char>('a' + i), size));
  REQUIRE(pool.waits_for(count));
  auto first = pool.volunteer("first"), second = pool.volunteer("second");
  for (int i = 1; i < count; ++i) CHECK(first.work() == 1);
  const auto reply = test::work_for(first);
  const std::string content = test::text_of(test::answer_to(first.input_of(reply).span()));
  const auto upload = [&] {
    return first.upload(EmulatedVolunteer::head_of(EmulatedVolunteer::output_of(reply), content), content);
  };
  const auto answer = upload();
  CHECK(answer.status == UploadStatus::transient);
  CHECK(answer.message.find("not validated yet") != std::string::npos);
  CHECK(second.work() == 1);
  CHECK(upload().status == UploadStatus::done);
  first.finish(reply, 0, content);
  first.send();
  while (second.work() > 0) {
  }
  for (int i = 0; i < count; ++i)
    CHECK((pool.master.get_result(tasks[static_cast<std::size_t>(i)]) == much_of(static_cast<char>('a' + i), size)));
}

TEST_CASE("what a failed instance's upload left goes when nobody waits for it any more", "[.][slow][upload]") {
  Pool pool;
  const auto task = pool.master.submit_task<much_of>('r', large);
  std::ignore = pool.master.submit_task<much_of>('o', large);
  REQUIRE(pool.waits_for(2));
  auto volunteer = pool.volunteer("a");
  const auto reply = test::work_for(volunteer);
  const std::string truth = answer_with(much_of('r', large));
  volunteer.upload(EmulatedVolunteer::head_of(EmulatedVolunteer::output_of(reply), truth), truth.substr(0, 100'000));
  CHECK(files_in(pool.folders.path("state/upload")).size() == 1);
  volunteer.fail(reply, 0, 1);
  volunteer.send();
  CHECK(test::eventually([&] { return files_in(pool.folders.path("state/upload")).empty(); }));
}

TEST_CASE("uploads leave a floor of free space", "[boinc][policy]") {
  using namespace mw::boinc;
  constexpr std::int64_t mib = std::int64_t{1} << 20, gib = std::int64_t{1} << 30;
  CHECK(floor_of(64 * mib) == 16 * mib);
  CHECK(floor_of(10 * gib) == gib / 2);
  CHECK(floor_of(1000 * gib) == gib);
  CHECK(leaves_floor(20 * mib, 64 * mib, 4 * mib));
  CHECK_FALSE(leaves_floor(20 * mib, 64 * mib, 4 * mib + 1));
  CHECK_FALSE(leaves_floor(0, 64 * mib, 0));
  CHECK(most_unvalidated(mib, 0) == 8 * mib);
  CHECK(most_unvalidated(mib, 10) == 20 * mib);
  CHECK(most_unvalidated(std::numeric_limits<std::int64_t>::max(), 10) == std::numeric_limits<std::int64_t>::max());
}
