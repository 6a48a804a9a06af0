// Files that go to a host once, however many workers it has.
#include <catch2/catch.hpp>

#include "memory/shared_file.hpp"
#include "remote/host_files.hpp"
#include "remote/remote_bench.hpp"

using namespace test;

namespace {

struct User final : FileUser {
  Words told;
  void bring_file(std::uint64_t file) override { told.push_back(fmt::format("bring {}", file)); }
  void link_file(std::uint64_t file, const std::string& path) override { told.push_back(fmt::format("link {} {}", file, path)); }
  void skip_file(std::uint64_t file) override { told.push_back(fmt::format("skip {}", file)); }
};

const FileVersion genome{.inode = 1}, table{.inode = 2};

std::vector<wire::FrameType> types_of(const std::vector<Frame>& frames) {
  std::vector<wire::FrameType> types;
  for (const Frame& frame : frames) types.push_back(frame.type);
  return types;
}

}  // namespace

TEST_CASE("the first worker of a host brings a file, the others wait for it, and later ones find it", "[remote][host]") {
  HostFiles files;
  User a, b, c;
  using Way = HostFiles::Way;
  CHECK(files.ask(genome, a, 1).way == Way::bring);
  CHECK(files.ask(genome, b, 7).way == Way::wait);
  CHECK(files.ask(table, b, 8).way == Way::bring);
  files.arrived(genome, b, "/wrong");  // that one brings another
  CHECK(b.told.empty());
  files.arrived(genome, a, "/a/file-1");
  CHECK(b.told == Words{"link 7 /a/file-1"});
  const auto late = files.ask(genome, c, 3);
  CHECK(late.way == Way::link);
  CHECK(late.path == "/a/file-1");
  files.forget(genome);
  CHECK(files.ask(genome, c, 4).way == Way::bring);
}

TEST_CASE("if the one that brings a file is lost, the next one that waits brings it", "[remote][host]") {
  HostFiles files;
  User a, b, c;
  files.ask(genome, a, 1);
  files.ask(genome, b, 2);
  files.ask(genome, c, 3);
  files.lost(a);
  CHECK(b.told == Words{"bring 2"});
  CHECK(c.told.empty());
  files.lost(c);  // that waits no more
  files.arrived(genome, b, "/b/file-2");
  CHECK(c.told.empty());
  files.lost(b);  // and what it had with it
  CHECK(files.ask(genome, a, 4).way == HostFiles::Way::bring);
  CHECK(files.ask(genome, b, 5).way == HostFiles::Way::wait);
  files.forget(genome);
  CHECK(b.told.back() == "skip 5");
  files.leave(a);
}

TEST_CASE("a shared value crosses the wire once for two workers of a host", "[remote][host][share]") {
  const std::string content(300'000, 's');
  auto value = memory::SharedFile::make(bytes_of(content));
  const auto files = std::make_shared<HostFiles>();
  Bench first{{.name = "worker 1", .host_files = files}}, second{{.name = "worker 2", .host_files = files}};
  first.join(9);
  second.join(9);
  first.worker.send(first.task_with({value}));
  second.worker.send(second.task_with({value}));
  CHECK_FALSE(second.worker.has_output());
  using enum wire::FrameType;
  const auto frames = frames_of(first.output());
  CHECK(types_of(frames) == std::vector{file_piece, file_piece, task});
  CHECK(wire::parse_file_piece(bytes_of(frames[0].payload)).is_asked_for);
  first.come(wire::FileHere{1, "/there/file-1"});
  const auto linked = frames_of(second.output());
  REQUIRE(types_of(linked) == std::vector{file_link, task});
  CHECK(wire::parse_file_link(bytes_of(linked[0].payload)).path == "/there/file-1");
  CHECK(wire::parse_task(bytes_of(linked[1].payload)).terms.shared.at(0).from == "#1");

  // It cannot have it from there: the task comes back, and goes again with the file.
  second.come(wire::FileMissing{1});
  second.come(wire::Returned{1, 1});
  CHECK(second.said().back() == "returned 1");
  second.worker.send(second.task_with({value}));
  const auto again = frames_of(second.output());
  CHECK(types_of(again) == std::vector{file_piece, file_piece, task});
  CHECK(wire::parse_file_piece(bytes_of(again[0].payload)).file == 2);
  CHECK_FALSE(wire::parse_file_piece(bytes_of(again[0].payload)).is_asked_for);
}

TEST_CASE("a worker that waits for a file brings it when the other one is lost, or goes on without it", "[remote][host][share]") {
  auto value = memory::SharedFile::make(bytes_of(std::string(1'000, 's')));
  const auto files = std::make_shared<HostFiles>();
  Bench first{{.name = "worker 1", .host_files = files}}, second{{.name = "worker 2", .host_files = files}},
      third{{.name = "worker 3", .host_files = files}};
  for (Bench* bench : {&first, &second, &third}) {
    bench->join(9);
    bench->worker.send(bench->task_with({value}));
  }
  first.worker.lost("its host is gone", failure("gone"));
  using enum wire::FrameType;
  CHECK(types_of(frames_of(second.output())) == std::vector{file_piece, task});
  CHECK_FALSE(third.worker.has_output());
  second.worker.forget_shared(value->number());
  CHECK(types_of(frames_of(third.output())) == std::vector{task});
}
