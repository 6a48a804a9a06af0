// The policy of the volunteer server, with stepped time: no database, no socket.
#include <catch2/catch.hpp>

#include <random>

#include "boinc/policy/agreement.hpp"
#include "boinc/policy/credit.hpp"
#include "boinc/policy/host_class.hpp"
#include "boinc/policy/transition.hpp"
#include "boinc/policy/trust.hpp"
#include "boinc/policy/work_size.hpp"

using namespace mw::boinc;
using namespace std::chrono_literals;

namespace {

const Time noon{std::chrono::milliseconds{1'800'000'000'000}};

InstanceState unsent() { return {}; }
InstanceState in_progress(Time deadline) { return {.server_state = ServerState::in_progress, .deadline = deadline}; }
InstanceState over(InstanceOutcome outcome, ValidateState validate_state = ValidateState::init) {
  return {.server_state = ServerState::over, .outcome = outcome, .validate_state = validate_state};
}
InstanceState success(ValidateState validate_state = ValidateState::init) { return over(InstanceOutcome::success, validate_state); }

}  // namespace

TEST_CASE("a new workunit gets as many instances as its target", "[boinc][policy]") {
  CHECK(transition({}, {}, noon).new_instances == 1);
  CHECK(transition({.quorum = 2, .target = 3}, {}, noon).new_instances == 3);
  const InstanceState two[] = {unsent(), in_progress(noon + 1h)};
  const Transition next = transition({.quorum = 2, .target = 3}, two, noon);
  CHECK(next.new_instances == 1);
  CHECK(next.next_time == noon + 1h);
}

TEST_CASE("an instance past its deadline is over, and replaced", "[boinc][policy]") {
  const InstanceState one[] = {in_progress(noon)};
  const Transition before = transition({}, one, noon - 1ms);
  CHECK(before.timed_out.empty());
  CHECK(before.new_instances == 0);
  const Transition after = transition({}, one, noon);
  CHECK(after.timed_out == std::vector<std::size_t>{0});
  CHECK(after.new_instances == 1);
  CHECK(after.error_mask == 0);
}

TEST_CASE("a quorum is validated when it is complete, and not before", "[boinc][policy]") {
  const WorkunitState pair{.quorum = 2, .target = 2};
  const InstanceState half[] = {success(), in_progress(noon + 1h)};
  CHECK_FALSE(transition(pair, half, noon).needs_validation);
  const InstanceState whole[] = {success(), success()};
  CHECK(transition(pair, whole, noon).needs_validation);
  // No agreement: all are inconclusive, and the target was raised.
  const InstanceState disagree[] = {success(ValidateState::inconclusive), success(ValidateState::inconclusive)};
  const Transition next = transition({.quorum = 2, .target = 3}, disagree, noon);
  CHECK_FALSE(next.needs_validation);
  CHECK(next.new_instances == 1);
}

TEST_CASE("with a canonical result what is unsent is not needed, and what comes late is compared", "[boinc][policy]") {
  const WorkunitState decided{.quorum = 2, .target = 3, .has_canonical = true};
  const InstanceState instances[] = {success(ValidateState::valid), success(ValidateState::valid), unsent(),
                                     in_progress(noon + 1h)};
  const Transition next = transition(decided, instances, noon);
  CHECK(next.not_needed == std::vector<std::size_t>{2});
  CHECK(next.assimilate);
  CHECK_FALSE(next.delete_files);
  CHECK(next.new_instances == 0);
  const InstanceState late[] = {success(ValidateState::valid), success(ValidateState::valid), success()};
  CHECK(transition({.quorum = 2, .has_canonical = true, .is_assimilated = true}, late, noon).needs_validation);
}

TEST_CASE("files go when nothing is under way any more", "[boinc][policy]") {
  const WorkunitState decided{.has_canonical = true, .is_assimilated = true};
  const InstanceState one[] = {success(ValidateState::valid)};
  const Transition next = transition(decided, one, noon);
  CHECK(next.delete_files);
  CHECK_FALSE(next.assimilate);
}

TEST_CASE("too many errors, too many copies, too many opinions: the workunit is given up", "[boinc][policy]") {
  std::vector<InstanceState> errors(4, over(InstanceOutcome::client_error));
  CHECK(transition({.max_errors = 3}, errors, noon).error_mask == workunit_error::too_many_errors);
  CHECK(transition({.max_errors = 3}, errors, noon).assimilate);
  CHECK(transition({.max_errors = 4}, errors, noon).error_mask == 0);
  std::vector<InstanceState> silent(10, over(InstanceOutcome::no_reply));
  CHECK(transition({.max_total = 10}, silent, noon).error_mask == workunit_error::too_many_total);
  std::vector<InstanceState> opinions(7, success(ValidateState::inconclusive));
  CHECK(transition({.quorum = 2, .target = 8, .max_success = 6}, opinions, noon).error_mask == workunit_error::too_many_successes);
}

TEST_CASE("what a volunteer aborts is no error of the workunit's", "[boinc][policy]") {
  std::vector<InstanceState> aborted(4, over(InstanceOutcome::client_error));
  for (InstanceState& one : aborted) one.is_excused = true;
  const Transition next = transition({.max_errors = 3}, aborted, noon);
  CHECK(next.error_mask == 0);
  CHECK(next.new_instances == 1);
}

TEST_CASE("any sequence of events ends a workunit: with a result, or an error", "[boinc][policy]") {
  const auto seed = GENERATE(range(0u, 200u));
  INFO("seed " << seed);
  std::mt19937 random{seed};
  const auto draw = [&](int count) { return static_cast<int>(random() % static_cast<unsigned>(count)); };
  WorkunitState workunit{.quorum = 1 + draw(3), .target = 1, .max_errors = 3, .max_total = 12, .max_success = 6};
  workunit.target = workunit.quorum + draw(2);
  std::vector<InstanceState> instances;
  Time now = noon;
  int steps = 0;
  while (!workunit.is_assimilated) {
    REQUIRE(++steps < 500);
    const Transition next = transition(workunit, instances, now);
    for (const auto i : next.timed_out) instances[i] = over(InstanceOutcome::no_reply);
    for (const auto i : next.not_needed) instances[i] = over(InstanceOutcome::not_needed);
    workunit.error_mask = next.error_mask;
    for (std::int64_t i = 0; i < next.new_instances; ++i) instances.push_back(unsent());
    REQUIRE(static_cast<std::int64_t>(instances.size()) <= workunit.max_total);
    if (next.needs_validation) {
      std::vector<InstanceState*> viable;
      for (InstanceState& one : instances)
        if (one.outcome == InstanceOutcome::success && one.validate_state != ValidateState::invalid) viable.push_back(&one);
      const int opinions = 3;
      std::vector<int> says(viable.size());
      for (int& opinion : says) opinion = draw(opinions);
      const Agreement agreement =
          agree(viable.size(), workunit.quorum, [&](std::size_t a, std::size_t b) { return says[a] == says[b]; });
      for (std::size_t i = 0; i < viable.size(); ++i)
        viable[i]->validate_state = !agreement.canonical ? ValidateState::inconclusive
                                    : agreement.valid[i] ? ValidateState::valid
                                                         : ValidateState::invalid;
      workunit.has_canonical = agreement.canonical.has_value();
      if (!workunit.has_canonical) workunit.target = std::max(workunit.target, static_cast<std::int64_t>(viable.size()) + 1);
      continue;
    }
    if (next.assimilate) workunit.is_assimilated = true;
    // Something happens to one of them.
    std::vector<InstanceState*> open;
    for (InstanceState& one : instances)
      if (one.server_state != ServerState::over) open.push_back(&one);
    if (open.empty()) continue;
    InstanceState& one = *open[static_cast<std::size_t>(draw(static_cast<int>(open.size())))];
    if (one.server_state == ServerState::unsent) {
      one = in_progress(now + 1h);
    } else {
      const int what = draw(4);
      if (what == 0) now = one.deadline;
      if (what == 1) one = over(InstanceOutcome::client_error);
      if (what >= 2) one = success();
    }
  }
  CHECK((workunit.has_canonical || workunit.error_mask != 0));
}

TEST_CASE("what most of a quorum say is right, and of two, both must say it", "[boinc][policy]") {
  const auto agree_on = [](const std::vector<int>& says, std::int64_t quorum) {
    return agree(says.size(), quorum, [&](std::size_t a, std::size_t b) { return says[a] == says[b]; });
  };
  CHECK(agree_on({7}, 1).canonical == 0);
  CHECK_FALSE(agree_on({7}, 2).canonical);
  CHECK_FALSE(agree_on({7, 8}, 2).canonical);
  const Agreement two_of_three = agree_on({7, 8, 8}, 2);
  CHECK(two_of_three.canonical == 1);
  CHECK(two_of_three.valid == std::vector<bool>{false, true, true});
  CHECK(agree_on({7, 8, 8}, 3).canonical == 1);
  CHECK_FALSE(agree_on({7, 8, 9}, 3).canonical);
}

TEST_CASE("P37: a host that fails again and again is quarantined, longer each time, and comes back on probation",
          "[boinc][policy][P37]") {
  HostRecord host;
  host.failed(noon, Fault::error);
  host.failed(noon, Fault::error);
  CHECK_FALSE(host.is_quarantined(noon));
  host.failed(noon, Fault::error);
  CHECK(host.is_quarantined(noon));
  CHECK(host.is_quarantined(noon + 9min));
  CHECK_FALSE(host.is_quarantined(noon + 10min));
  const Time back = noon + 10min;
  host.failed(back, Fault::wrong);
  CHECK(host.is_quarantined(back + 19min));
  CHECK_FALSE(host.is_quarantined(back + 20min));
  for (int i = 0; i < 10; ++i) host.ended_well();
  CHECK(host.quarantines == 0);
  CHECK(host.faults == 0);
  // A lie weighs more than an error, an error more than silence.
  HostRecord liar, silent;
  for (int i = 0; i < 2; ++i) liar.failed(noon, Fault::wrong), silent.failed(noon, Fault::no_reply);
  CHECK(liar.is_quarantined(noon));
  CHECK_FALSE(silent.is_quarantined(noon));
}

TEST_CASE("a host runs alone after ten valid results in a row, and is checked now and then", "[boinc][policy]") {
  HostRecord host;
  for (int i = 0; i < 9; ++i) host.ended_well();
  CHECK_FALSE(host.may_run_alone(0.99));
  host.ended_well();
  CHECK(host.may_run_alone(0.11));
  CHECK_FALSE(host.may_run_alone(0.09));
  host.failed(noon, Fault::no_reply);
  CHECK_FALSE(host.may_run_alone(0.99));
}

TEST_CASE("homogeneous redundancy tells hosts apart as far as it is asked to", "[boinc][policy]") {
  const auto of = [](Redundancy r, const char* vendor, const char* model) { return host_class(r, "Linux Debian", vendor, model); };
  const char* const zen = "AMD EPYC [Family 25 Model 1 Stepping 1]";
  const char* const zen2 = "AMD EPYC [Family 23 Model 49 Stepping 0]";
  CHECK(of(Redundancy::any, "AuthenticAMD", zen) == 0);
  CHECK(of(Redundancy::coarse, "AuthenticAMD", zen) == of(Redundancy::coarse, "GenuineIntel", "Intel Xeon [Family 6 Model 85]"));
  CHECK(of(Redundancy::coarse, "AuthenticAMD", zen) != of(Redundancy::coarse, "ARM", "Cortex-A72"));
  CHECK(of(Redundancy::fine, "AuthenticAMD", zen) != of(Redundancy::fine, "AuthenticAMD", zen2));
  CHECK(of(Redundancy::fine, "AuthenticAMD", zen) == of(Redundancy::fine, "AuthenticAMD", "AMD Ryzen [Family 25 Model 33]"));
  CHECK(host_class(Redundancy::coarse, "Microsoft Windows 11", "AuthenticAMD", zen) != of(Redundancy::coarse, "AuthenticAMD", zen));
  CHECK(of(Redundancy::fine, "", "") != 0);
}

TEST_CASE("tasks that are put together before any host asks make a workunit worth its polling", "[boinc][policy]") {
  const auto tasks = [](double task_s, std::size_t waiting) {
    return tasks_in_submitted_workunit({.task_s = task_s, .waiting = waiting, .processors = 128});
  };
  CHECK(tasks(0.011, 400) == 400);  // 4.4 s in all, where a share would be two of them
  CHECK(tasks(0.5, 400) == 40);     // 20 s
  CHECK(tasks(30, 400) == 2);       // a share
  CHECK(tasks(700, 400) == 1);
  CHECK(tasks(0.001, 100'000) == 1000);  // no more than that
  CHECK(tasks(0.1, 100'000) == 391);     // a share that is worth it
  CHECK(tasks(0.011, 1) == 1);
  CHECK(tasks_in_submitted_workunit({.target_s = 5, .task_s = 0.5, .waiting = 400, .processors = 128}) == 10);
}

TEST_CASE("a workunit carries what fills its time, and less towards the end", "[boinc][policy]") {
  CHECK(tasks_in_workunit({.target_s = 600, .task_s = 0, .waiting = 1'000'000}) == 1);
  CHECK(tasks_in_workunit({.target_s = 600, .task_s = 2, .waiting = 1'000'000}) == 300);
  CHECK(tasks_in_workunit({.target_s = 600, .task_s = 1e-6, .waiting = 1'000'000}) == 1000);
  CHECK(tasks_in_workunit({.target_s = 600, .task_s = 2, .waiting = 100, .processors = 10}) == 6);
  CHECK(tasks_in_workunit({.target_s = 600, .task_s = 2, .waiting = 1, .processors = 10}) == 1);
  CHECK(tasks_in_workunit({.target_s = 600, .task_s = 1e9, .waiting = 10}) == 1);
}

TEST_CASE("a host gets work for its processors and for the time it asks for, and does not hoard", "[boinc][policy]") {
  CHECK(workunits_to_send({.seconds = 1, .processors = 4}) == 4);
  CHECK(workunits_to_send({.seconds = 1, .processors = 4, .in_progress = 4}) == 1);
  CHECK(workunits_to_send({.seconds = 1, .processors = 4, .in_progress = 16}) == 0);
  CHECK(workunits_to_send({.seconds = 86'400, .processors = 4, .workunit_s = 600}) == 16);
  CHECK(workunits_to_send({.seconds = 1800, .processors = 1, .workunit_s = 600}) == 3);
}

TEST_CASE("credit: 200 a day at a thousand million operations a second, and the average halves in a week", "[boinc][policy]") {
  CHECK(credit_of(86'400, 1e9) == Approx(200));
  CHECK(credit_of(43'200, 4e9) == Approx(400));
  CHECK(credit_of(-5, 1e9) == 0);
  Credit credit;
  credit.grant(100, noon);
  const double before = credit.average;
  credit.grant(0, noon + 7 * 24h);
  CHECK(credit.average == Approx(before / 2));
  CHECK(credit.total == 100);
}
