// A journal on a disk that fails: at each write, in each way.
//
// CPPMW_DISK_FAULTS=5000 makes it longer, by hand; CPPMW_DISK_FAULT="power:123" tries one, with CPPMW_DISK_TERMS=
// "always turns". With CPPMW_DISK_TASKS=2500, the write-ahead log is moved into the database meanwhile, too.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <sstream>

#include "process/run_program.hpp"
#include "support/journalled_life.hpp"

namespace {

using test::JournalledLife;

std::string with_fault(const JournalledLife& life, const std::string& fault) {
  return "LD_PRELOAD=" + test::beside("libdisk_faults.so") + " DISK_FAULT=" + fault + " DISK_FAULT_PATH=" + life.journal();
}

JournalledLife::Terms terms_of(const std::string& text) {
  JournalledLife::Terms terms;
  terms.count = std::strtoull(test::variable("CPPMW_DISK_TASKS", "100").c_str(), nullptr, 10);
  std::istringstream{text} >> terms.sync >> terms.order;
  return terms;
}

/// How many calls a whole run makes.
unsigned long calls_of(const std::string& terms) {
  static std::map<std::string, unsigned long> known;
  unsigned long& calls = known[terms];
  if (calls != 0) return calls;
  JournalledLife life{terms_of(terms)};
  life.live(with_fault(life, "count"));
  REQUIRE(life.out() == life.expected_out());
  return calls = std::strtoul(test::file_text(life.journal() + "-count").c_str(), nullptr, 10);
}

std::string any_fault(const std::string& terms, std::mt19937& random) {
  const unsigned long calls = calls_of(terms);
  REQUIRE(calls > 30);
  const auto number = std::uniform_int_distribution<unsigned long>{1, calls}(random);
  const std::string at = ":" + std::to_string(number);
  switch (random() % 7) {
    case 0: return "kill" + at;
    case 1: return "tear" + at;
    case 2: return "power" + at;
    case 3: return "some" + at + ":" + std::to_string(random());
    case 4: return "enospc" + at + ":" + std::to_string(1 + random() % 6);
    case 5: return "eio" + at + ":" + std::to_string(1 + random() % 6);
    default: return "gate" + at + ":" + std::to_string(number + 5 + random() % 60);
  }
}

/// What an error at the very start leaves is allowed to be none: the program has said so.
void check_first_life(const JournalledLife& life, const std::string& fault) {
  const bool may_die = fault.starts_with("kill") || fault.starts_with("tear") || fault.starts_with("power") ||
                       fault.starts_with("some") || fault.starts_with("gate");
  if (life.was_killed()) {
    CHECK((may_die && WTERMSIG(life.status()) == SIGKILL));
  } else if (WEXITSTATUS(life.status()) == 3) {
    CHECK_THAT(life.err(), Catch::Contains("the journal "));
  } else {
    CHECK(WEXITSTATUS(life.status()) == 0);
    CHECK(life.out() == life.expected_out());
  }
}

void try_fault(const std::string& terms, const std::string& fault) {
  CAPTURE(terms, fault);
  JournalledLife life{terms_of(terms)};
  life.live(with_fault(life, fault));
  INFO("first: " << life.err());
  check_first_life(life, fault);
  // With `soon`, what the disk has not got is lost with the power. Nothing is said of how much.
  if (terms.starts_with("soon")) life.forget_what_is_safe();
  life.live();
  INFO("second: " << life.err());
  CHECK(life.err().empty());
  CHECK(WEXITSTATUS(life.status()) == 0);
  CHECK(life.out() == life.expected_out());
  const auto verified = mw::process::run_program(test::beside("mw"), {"journal", "verify", life.journal()}, {});
  INFO(verified.out << verified.err);
  CHECK(verified.death.exit_status == 0);
  // Each once.
  CHECK_THAT(verified.out, Catch::Contains(": " + std::to_string(terms_of(terms).count) + " results in "));
  const auto ran = life.runs();
  life.live();
  CHECK(life.runs() == ran);
}

}  // namespace

TEST_CASE("P21: wherever the disk fails, or power does, a journal has what it promised, once", "[faults][P21][journal]") {
  const std::string one = test::variable("CPPMW_DISK_FAULT", "");
  if (!one.empty()) return try_fault(test::variable("CPPMW_DISK_TERMS", "always turns"), one);
  const int times = std::atoi(test::variable("CPPMW_DISK_FAULTS", "10").c_str());
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random{seed};
  for (int i = 0; i < times; ++i) {
    const std::string terms = std::array{"always turns", "always all", "soon all"}[random() % 3];
    const std::string fault = any_fault(terms, random);
    try_fault(terms, fault);
  }
  if (times > 100) WARN(times << " faults, of calls up to " << calls_of("always turns"));
}

TEST_CASE("P52: a file system without locks is an error that says so", "[faults][P52][journal]") {
  JournalledLife life{{}};
  life.live(with_fault(life, "nolocks"));
  CHECK(WEXITSTATUS(life.status()) == 3);
  CHECK_THAT(life.err(), Catch::Contains("its file system has no locks") && Catch::Contains("Put it on a local disk"));
}

TEST_CASE("P21: a journal that others look into while it is written loses nothing", "[faults][P21][journal]") {
  JournalledLife life{{.count = 12'000}};
  std::thread looking{[&] {
    test::eventually([&] { return life.runs() > 500; });
    for (int i = 0; i < 3; ++i) {
      const auto seen = mw::process::run_program(test::beside("mw"), {"journal", "ls", life.journal()}, {});
      if (seen.death.exit_status != 0) std::fprintf(stderr, "%s\n", seen.err.c_str());
    }
  }};
  // Time for that, and more that is written then.
  const bool was_killed = life.live_for(8'000, std::chrono::milliseconds{100});
  looking.join();
  CHECK(was_killed);
  CHECK(life.safe() > 100);
  life.live();
  CHECK(life.out() == life.expected_out());
}
