// What was submitted to a project, across the death of the program.
#include <catch2/catch.hpp>

#include "boinc/submitter/run_record.hpp"
#include "support/temporary.hpp"

using namespace mw::boinc;

namespace {

Batch batch_of(const std::string& name, std::initializer_list<const char*> jobs) {
  Batch batch;
  batch.name = name;
  for (const char* job : jobs) batch.jobs.emplace_back().name = job;
  return batch;
}

}  // namespace

TEST_CASE("a run that was killed goes on under its token, and knows what it has submitted", "[boinc][submit]") {
  const test::TemporaryFolder folder;
  std::string token;
  {
    RunRecord record{folder.path("submitted.db")};
    token = record.token();
    CHECK(record.new_batch_number() == 1);
    record.begin(batch_of("done", {"a", "b"}));
    record.finish("done");
    record.begin(batch_of("doubtful", {"c", "d"}));
    record.forget_job("d");
    record.begin(batch_of("refused", {"e"}));
    record.forget("refused");
  }
  RunRecord record{folder.path("submitted.db")};
  CHECK(record.token() == token);
  CHECK(record.new_batch_number() == 2);
  CHECK(record.batches() == std::vector<std::string>{"done", "doubtful"});
  const auto earlier = record.earlier();
  REQUIRE(earlier.size() == 3);
  CHECK(earlier.at("a").is_submitted);
  CHECK(earlier.at("b").batch == "done");
  CHECK_FALSE(earlier.at("c").is_submitted);
}

TEST_CASE("the run after one that has ended has another token and knows of nothing", "[boinc][submit]") {
  const test::TemporaryFolder folder;
  RunRecord record{folder.path("submitted.db")};
  const std::string token = record.token();
  record.begin(batch_of("batch", {"a"}));
  record.clear();
  CHECK(record.token() != token);
  CHECK(record.earlier().empty());
  CHECK(record.new_batch_number() == 1);
  CHECK(RunRecord{folder.path("submitted.db")}.token() == record.token());
}
