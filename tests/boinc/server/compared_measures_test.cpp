// Two hosts agree on a result, whatever their tasks have counted and timed.
#include <catch2/catch.hpp>

#include <stop_token>
#include <string>

#include "boinc/protocol/md5.hpp"
#include "boinc/server/comparison.hpp"
#include "measure/measures.hpp"
#include "wire/bundle.hpp"

using namespace mw;

namespace {

/// What a host uploads whose task took so long.
boinc::StoredOutput output_of(std::int64_t instance, const std::string& value, std::uint64_t nanoseconds) {
  measure::Measures measures;
  measures.add(measure::Kind::count, "tries", nanoseconds % 3);
  measures.add(measure::Kind::time, "walk", nanoseconds);
  const Bytes measured = measure::encoded(measures);
  Bytes answer;
  wire::append(answer, wire::Measured{1, 1, measured.span()});
  wire::append(answer, wire::Result{1, 1, nanoseconds, {}, {}, std::as_bytes(std::span{value})});
  wire::append(answer, wire::Bye{});
  const auto nbytes = static_cast<std::int64_t>(answer.size());
  std::string md5 = boinc::md5_hex(answer.span());
  return {.instance = instance, .nbytes = nbytes, .md5 = std::move(md5), .at = std::move(answer), .longest_run_ns = 1'000};
}

}  // namespace

TEST_CASE("hosts agree whose tasks have counted and timed other things, and the accepted one's counts",
          "[boinc][server][measure]") {
  boinc::Question question;
  question.tasks = 1;
  question.quorum = 2;
  question.outputs.push_back(output_of(1, "the lie", 100));
  question.outputs.push_back(output_of(2, "the truth", 200));
  question.outputs.push_back(output_of(3, "the truth", 301));
  const boinc::Verdict verdict = boinc::compare(question, std::stop_token{});
  REQUIRE(verdict.canonical);
  CHECK(*verdict.canonical == 1);
  CHECK(verdict.valid == std::vector<bool>{false, true, true});
  REQUIRE(verdict.outcomes.at(0).outcome.measured);
  const auto measures = measure::decoded(verdict.outcomes[0].outcome.measured->span());
  CHECK(measures.sorted().at(1).values->sum() == 200);
}
