// How multicore is written: how many workers, with how many threads, and what is said of anything else.
#include <catch2/catch.hpp>

#include <string>

#include <mw/multicore.hpp>
#include <mw/mw.hpp>

#include "process/cores.hpp"
#include "support/errors.hpp"

using namespace mw;
using Catch::Contains;

namespace {

unsigned workers_in(const std::string& text) { return MulticoreInterface::from_text(text).workers(); }
std::string why_not(const std::string& text) {
  return test::usage_error([&] { MulticoreInterface::from_text(text); });
}

}  // namespace

TEST_CASE("multicore has as many workers as its text says, and without a number one for each core", "[multicore][spec]") {
  CHECK(workers_in("") == process::available_cores());
  CHECK(workers_in("?threads=2") == process::available_cores());
  CHECK(workers_in(":1") == 1);
  CHECK(workers_in(":8?threads=4") == 8);
  CHECK(workers_in(":65536?threads=65536") == MulticoreInterface::max_workers);
}

TEST_CASE("a number of workers that makes no sense is refused, with the form that does", "[multicore][spec]") {
  CHECK(why_not(":0") ==
        "interface \"multicore:0\": what follows the ':' is the number of workers, 1 to 65536; the form is "
        "multicore[:N][?threads=T][&worker=FILE][&cores=C][&memory=SIZE][&gpus=G][&label=WORD,…]");
  for (const std::string text : {":65537", ":-1", ":+1", ":1.5", ":two", ":2 ", ": 2", ":2,3", ":4294967297"})
    CHECK_THAT(why_not(text), Contains("the number of workers, 1 to 65536"));
  CHECK_THAT(why_not(":" + std::string(100'000, '9')), Contains("the number of workers, 1 to 65536"));
  for (const std::string text : {":", ":?threads=2"})
    CHECK_THAT(why_not(text), Contains("a number of workers is missing behind the ':'"));
}

TEST_CASE("an option that multicore does not have, or a value that it does not take, is refused", "[multicore][spec]") {
  for (const std::string value : {"", "0", "65537", "-1", "many", "2.5", "4294967298"})
    CHECK_THAT(why_not(":2?threads=" + value),
               Contains("\"" + value + "\" is no value for threads, which is a number, 1 to 65536"));
  CHECK_THAT(why_not("?threads"), Contains("is no value for threads"));
  for (const std::string options : {"thread=2", "=2", "&threads=2", "threads=2&&", "Threads=2", "threads=2&launcher=ssh"})
    CHECK_THAT(why_not("?" + options), Contains("there is no option"));
  CHECK_THAT(why_not("?memory=off"), Contains("\"off\" is no value for memory"));
  CHECK_THAT(why_not("?label=a b"), Contains("is no value for label"));
}

TEST_CASE("options that no text could give are refused, too", "[multicore][spec]") {
  const auto why = [](MulticoreOptions options) { return test::usage_error([&] { MulticoreInterface{options}; }); };
  CHECK(MulticoreInterface{65'536}.workers() == 65'536);
  CHECK(why({.workers = 65'537}) == "multicore: 65537 workers are more than 65536");
  CHECK(why({.workers = 1, .threads = 65'537}) == "multicore: 65537 threads for each task are more than 65536");
  CHECK(why({.workers = 1, .threads = 65'536}).empty());
}

TEST_CASE("multicore that has not started has its name, leaves tasks to the master, and has stopped at once", "[multicore]") {
  MulticoreInterface pool{3};
  CHECK(pool.name() == "multicore");
  CHECK(pool.scheduling() == Scheduling::by_master);
  CHECK(pool.expected_slots() == 3);
  CHECK(pool.report_workers().empty());
  int stops = 0;
  pool.stop([&] { ++stops; });
  CHECK(stops == 1);
}
