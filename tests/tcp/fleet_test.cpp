// Which jobs a master has at a cluster, with stepped time.
#include <catch2/catch.hpp>

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "tcp/launch/fleet.hpp"

using Catch::Contains;
using namespace std::chrono_literals;
using mw::tcp::Fleet;
using Kind = Fleet::Step::Kind;
using mw::tcp::slurm::Phase;

namespace {

/// A cluster on which jobs do what a test says, and the time that it says it is.
class Cluster {
 public:
  explicit Cluster(unsigned least, unsigned most) : fleet{{.least = least, .most = most, .idle = 10s}} {}

  /// Does what the fleet asks for, step by step, for so long.
  void pass(std::chrono::milliseconds time, std::size_t waiting = 0) {
    for (const auto end = now + time; now < end; now += 100ms) {
      note_nodes();
      for (const std::string& job : fleet.take_unneeded(waiting, now)) {
        released.push_back(job);
        end_job(job, "COMPLETED");
      }
      take(fleet.next(waiting, now));
    }
  }

  void take(const Fleet::Step& step) {
    if (step.kind == Kind::nothing) return;
    ++asked[step.kind];
    if (step.kind == Kind::submit) submit(step.count);
    if (step.kind == Kind::list) answers ? fleet.listed(all(), now) : fleet.list_failed(now);
    if (step.kind == Kind::cancel)
      for (const std::string& job : step.jobs) end_job(job, "CANCELLED");
  }

  void submit(unsigned count) {
    ++arrays;
    counts.push_back(count);
    if (answers || loses_answers)
      for (unsigned i = 0; i < count; ++i) {
        const std::string id = std::to_string(arrays) + "_" + std::to_string(i);
        jobs[id] = {id, Phase::pending, "PENDING", "", "Resources"};
        if (starts) start(id);
        if (dies_at_once) end_job(id, "FAILED");
      }
    answers ? fleet.submitted(arrays, count, now) : fleet.submit_failed(now);
  }

  void start(const std::string& id) {
    jobs[id].phase = Phase::running;
    jobs[id].state = "RUNNING";
    jobs[id].node = "node1";
    if (joins) nodes[id] = {id, 2, false};
  }
  void end_job(const std::string& id, const std::string& state) {
    jobs[id].phase = Phase::over;
    jobs[id].state = state;
    nodes.erase(id);
  }
  void start_all() {
    for (const auto& [id, job] : std::map{jobs})
      if (job.phase == Phase::pending) start(id);
  }
  void note_nodes() {
    std::vector<Fleet::Node> list;
    for (const auto& [id, node] : nodes) list.push_back(node);
    fleet.note_nodes(list, now);
  }
  void set_idle(bool is) {
    for (auto& [id, node] : nodes) node.is_idle = is;
  }
  std::vector<mw::tcp::slurm::Job> all() const {
    std::vector<mw::tcp::slurm::Job> list;
    for (const auto& [id, job] : jobs) list.push_back(job);
    return list;
  }
  unsigned submitted() const {
    unsigned sum = 0;
    for (const unsigned count : counts) sum += count;
    return sum;
  }
  std::size_t live() const {
    std::size_t count = 0;
    for (const auto& [id, job] : jobs) count += job.phase != Phase::over;
    return count;
  }

  Fleet fleet;
  Fleet::Time now{1h};
  std::map<std::string, mw::tcp::slurm::Job> jobs;
  std::map<std::string, Fleet::Node> nodes;
  std::map<Kind, int> asked;
  std::vector<unsigned> counts;
  std::vector<std::string> released;
  std::uint64_t arrays = 0;
  bool answers = true, loses_answers = false, starts = true, joins = true, dies_at_once = false;
};

std::string text_of_missing(const Fleet& fleet) {
  std::string text;
  for (const auto& [who, why] : fleet.missing()) text += who + ": " + why + "; ";
  return text;
}

}  // namespace

TEST_CASE("fleet: so many jobs as are asked for, at once and as one array", "[tcp][slurm]") {
  Cluster cluster{4, 4};
  cluster.pass(60s, 1'000);
  CHECK(cluster.counts == std::vector{4U});
  CHECK(cluster.live() == 4);
  CHECK(cluster.fleet.running_count() == 4);
  CHECK(cluster.fleet.pending_count() == 0);
  CHECK(cluster.asked[Kind::list] < 10);
  CHECK(text_of_missing(cluster.fleet).empty());
}

TEST_CASE("fleet: it grows while tasks wait and no job does", "[tcp][slurm]") {
  Cluster cluster{1, 20};
  cluster.pass(5s);
  CHECK(cluster.live() == 1);
  cluster.starts = false;
  cluster.pass(30s, 1'000);
  CHECK(cluster.counts == std::vector{1U, 1U});  // the second one waits
  cluster.start_all();
  cluster.starts = true;
  cluster.pass(60s, 1'000);
  CHECK(cluster.counts == std::vector{1U, 1U, 2U, 4U, 8U, 4U});
  CHECK(cluster.live() == 20);
}

TEST_CASE("fleet: it grows by no more than there is to do, and by nothing for a moment's queue", "[tcp][slurm]") {
  Cluster cluster{0, 20};
  cluster.pass(10s);
  CHECK(cluster.counts.empty());
  cluster.pass(500ms, 7);
  cluster.pass(500ms, 0);
  cluster.pass(500ms, 7);
  CHECK(cluster.counts.empty());
  cluster.pass(1s, 7);
  cluster.pass(2s, 0);
  CHECK(cluster.counts == std::vector{1U});
  cluster.pass(2s, 3);  // one node more, not twenty
  CHECK(cluster.live() == 2);
}

TEST_CASE("fleet: idle nodes go, the least number stays", "[tcp][slurm]") {
  Cluster cluster{2, 8};
  cluster.pass(60s, 1'000);
  CHECK(cluster.live() == 8);
  cluster.set_idle(true);
  cluster.pass(9s);
  CHECK(cluster.live() == 8);
  cluster.pass(5s);
  CHECK(cluster.live() == 2);
  CHECK(cluster.released.size() == 6);
  CHECK(text_of_missing(cluster.fleet).empty());
  cluster.pass(60s);
  CHECK(cluster.live() == 2);
  CHECK(cluster.submitted() == 8);
}

TEST_CASE("fleet: jobs that wait are cancelled when nothing is to be done", "[tcp][slurm]") {
  Cluster cluster{1, 8};
  cluster.pass(5s);
  cluster.starts = false;
  cluster.pass(5s, 100);
  CHECK(cluster.live() == 2);
  cluster.pass(15s);
  CHECK(cluster.live() == 1);
  CHECK(cluster.asked[Kind::cancel] == 1);
}

TEST_CASE("fleet: a job that somebody else ends is followed by another", "[tcp][slurm]") {
  Cluster cluster{3, 3};
  cluster.pass(60s);
  cluster.end_job("1_1", "PREEMPTED");
  cluster.end_job("1_2", "CANCELLED");
  cluster.pass(5s);
  CHECK(cluster.counts == std::vector{3U, 2U});
  CHECK(cluster.live() == 3);
  CHECK_FALSE(cluster.fleet.take_failure());
}

TEST_CASE("fleet: jobs that end at once are followed by one at a time, later and later, and then by none", "[tcp][slurm]") {
  Cluster cluster{20, 20};
  cluster.dies_at_once = true;
  cluster.pass(10s);
  CHECK(cluster.counts.front() == 20);
  CHECK(cluster.submitted() <= 24);
  CHECK_THAT(cluster.fleet.take_failure().value_or(""), Contains("it ended as FAILED"));
  CHECK_FALSE(cluster.fleet.has_given_up());
  cluster.pass(1h, 100);
  CHECK(cluster.submitted() == 25);
  CHECK(cluster.fleet.has_given_up());
  CHECK_THAT(text_of_missing(cluster.fleet), Contains("Slurm's jobs 1_17, 1_18") || Contains("it ended as FAILED"));
}

TEST_CASE("fleet: where nodes were of use, it is tried for ever, now and then", "[tcp][slurm]") {
  Cluster cluster{2, 2};
  cluster.pass(60s);
  cluster.dies_at_once = true;
  cluster.end_job("1_0", "NODE_FAIL");
  cluster.end_job("1_1", "NODE_FAIL");
  cluster.pass(1h);
  CHECK_FALSE(cluster.fleet.has_given_up());
  CHECK(cluster.submitted() < 30);
  cluster.dies_at_once = false;
  cluster.pass(15min);
  CHECK(cluster.live() == 2);
}

TEST_CASE("fleet: a submission without an answer is looked for before there is another", "[tcp][slurm]") {
  Cluster cluster{3, 3};
  cluster.answers = false;
  cluster.loses_answers = true;
  cluster.pass(5min);
  CHECK(cluster.counts.size() == 1);
  CHECK(cluster.asked[Kind::list] < 15);
  cluster.answers = true;
  cluster.pass(2min);
  CHECK(cluster.counts.size() == 1);
  CHECK(cluster.live() == 3);
  CHECK(cluster.fleet.running_count() == 3);
}

TEST_CASE("fleet: … and made again where it is not found", "[tcp][slurm]") {
  Cluster cluster{3, 3};
  cluster.answers = false;
  cluster.pass(1min);
  CHECK(cluster.jobs.empty());
  cluster.answers = true;
  cluster.pass(2min);
  CHECK(cluster.live() == 3);
  CHECK(cluster.counts.size() == 2);
}

TEST_CASE("fleet: too many, as an answer was lost for long, are cancelled while they wait", "[tcp][slurm]") {
  Cluster cluster{2, 2};
  cluster.starts = false;
  cluster.pass(3s);
  for (const char* const late : {"99_0", "99_1"}) cluster.jobs[late] = {late, Phase::pending, "PENDING", "", "Priority"};
  cluster.pass(1min);
  CHECK(cluster.live() == 2);
  CHECK(cluster.asked[Kind::cancel] == 1);
}

TEST_CASE("fleet: what Slurm puts into the queue again is not submitted again", "[tcp][slurm]") {
  Cluster cluster{1, 1};
  cluster.pass(60s);
  cluster.nodes.clear();
  cluster.jobs["1_0"].phase = Phase::pending;
  cluster.jobs["1_0"].state = "PENDING";
  cluster.pass(60s);
  CHECK(cluster.counts.size() == 1);
  cluster.start_all();
  cluster.pass(60s);
  CHECK(cluster.fleet.running_count() == 1);
  CHECK(text_of_missing(cluster.fleet).empty());
}

TEST_CASE("fleet: who asks is told what became of the jobs", "[tcp][slurm]") {
  Cluster cluster{5, 5};
  cluster.starts = false;
  cluster.pass(3s);
  CHECK(text_of_missing(cluster.fleet) == "Slurm's jobs 1_0, 1_1, 1_2 and 2 more: it is PENDING (Resources); ");
  cluster.joins = false;
  cluster.start("1_0");
  cluster.start("1_1");
  cluster.end_job("1_1", "FAILED");
  cluster.jobs["1_1"].reason = "NonZeroExitCode";
  cluster.jobs.erase("1_2");
  cluster.pass(10s);
  const std::string text = text_of_missing(cluster.fleet);
  CHECK_THAT(text, Contains("Slurm's job 1_0: it runs on node1, and its node has not joined; "));
  CHECK_THAT(text, Contains("Slurm's job 1_1: it ended as FAILED (NonZeroExitCode) on node1, and its node had not joined; "));
  CHECK_THAT(text, Contains("Slurm's job 1_2: it is gone from the queue"));
  CHECK(cluster.fleet.pending_count() == 2);
}
