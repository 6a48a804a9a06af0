// What two hosts answer to one workunit, where a validator compares bytes.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

#include <mw/codec.hpp>
#include <mw/measure.hpp>

#include "boinc/jobs/bundles.hpp"
#include "boinc/slot/run.hpp"
#include "measure/measures.hpp"
#include "process/file.hpp"
#include "support/temporary.hpp"
#include "wire/bundle.hpp"

namespace {

std::int64_t square_of(std::int64_t x) {
  const auto time = mw::time_block("squaring");
  mw::count("squares");
  return x * x;
}
std::int64_t print_and_throw(std::int64_t x) {
  std::printf("before it threw\n");
  throw std::runtime_error{"no " + std::to_string(x)};
}
std::int64_t crash(std::int64_t) { std::abort(); }
std::string much(std::int64_t size) { return std::string(static_cast<std::size_t>(size), 'x'); }

template <auto f>
void add(mw::boinc::BundleWriter& bundle, const mw::Bytes& arguments) {
  bundle.add({.function = mw::detail::Registered<f>::entry.id(), .arguments = arguments.span()}, {});
}

mw::Bytes bundle(bool is_compared) {
  mw::boinc::BundleWriter tasks{5, is_compared};
  add<&square_of>(tasks, mw::encode(std::int64_t{7}));
  add<&print_and_throw>(tasks, mw::encode(std::int64_t{8}));
  add<&crash>(tasks, mw::encode(std::int64_t{9}));
  add<&much>(tasks, mw::encode(std::int64_t{3'000'000}));
  add<&square_of>(tasks, mw::encode(std::int64_t{10}));
  return tasks.take_bytes();
}

/// What one more host uploads.
mw::Bytes answer_to(const mw::Bytes& input) {
  const test::TemporaryFolder slot;
  std::ofstream{slot.path("in"), std::ios::binary}.write(reinterpret_cast<const char*>(input.data()),
                                                         static_cast<std::streamsize>(input.size()));
  REQUIRE(mw::slot::run(slot.path("")) == 0);
  return mw::process::read_file(slot.path("out"));
}

}  // namespace

TEST_CASE("two hosts give the same bytes to a workunit whose answers are compared", "[boinc][submit]") {
  const mw::Bytes input = bundle(true);
  const mw::Bytes first = answer_to(input), second = answer_to(input);
  REQUIRE(first.size() == second.size());
  CHECK(std::ranges::equal(first.span(), second.span()));
  const auto endings = mw::wire::parse_answer(first.span(), 5);
  for (const auto& ending : endings) CHECK(ending.result.run_ns == 0);
  for (const auto& ending : endings) CHECK(ending.measures.empty());
  CHECK(endings[1].failure->message == "no 8");
  CHECK(endings[2].is_gone);
  CHECK_THAT(endings[2].failure->message, Catch::StartsWith("its process ended with signal 6"));
  CHECK(endings[3].result.value.size() > 3'000'000);
  CHECK_FALSE(endings[4].failure);
}

TEST_CASE("the server here, which does not compare bytes, is told how long a task ran and what it counted", "[boinc][submit]") {
  const mw::Bytes answer = answer_to(bundle(false));
  const auto endings = mw::wire::parse_answer(answer.span(), 5);
  CHECK(endings[0].result.run_ns > 0);
  CHECK(endings[3].result.run_ns > 0);
  CHECK(endings[3].measures.empty());
  for (const std::size_t i : {0u, 4u}) {
    const auto all = mw::measure::decoded(endings[i].measures);
    REQUIRE(all.size() == 2);
    CHECK(all.sorted()[0].name == "squares");
    CHECK(all.sorted()[1].name == "squaring");
  }
}
