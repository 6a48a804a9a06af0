// Counts as people write them, the progress line, and what an application says when its work throws.
#include <catch2/catch.hpp>

#include <mw/app.hpp>
#include <mw/error.hpp>
#include <mw/interface.hpp>

#include <exception>
#include <stdexcept>
#include <string>

#include "app/command_line.hpp"
#include "app/count.hpp"
#include "app/progress_bar.hpp"
#include "support/captured_stderr.hpp"

using namespace mw::app;

TEST_CASE("counts are read as people write them", "[app]") {
  CHECK(parse_count("0") == 0);
  CHECK(parse_count("1000") == 1000);
  CHECK(parse_count("1e9") == 1'000'000'000);
  CHECK(parse_count("1E+3") == 1000);
  CHECK(parse_count("2.5e6") == 2'500'000);
  CHECK(parse_count(".5e1") == 5);
  CHECK(parse_count("3.0") == 3);
  CHECK(parse_count("007") == 7);
  CHECK(parse_count("18446744073709551615") == 18'446'744'073'709'551'615u);
}

TEST_CASE("what is no count is refused", "[app]") {
  const auto text = GENERATE(as<std::string>{}, "", "x", "-3", "+3", "1.5", "1e-3", "1e", "e5", ".", "1e99", "18446744073709551616",
                             "99999999999999999999", "1 ", " 1", "1e9x", "0x10", "nan", "inf", "1,000");
  INFO('"' << text << '"');
  CHECK_THROWS_AS(parse_count(text), mw::UsageError);
}

TEST_CASE("numbers are finite", "[app]") {
  CHECK(parse_number("-2.5e3") == -2500);
  const auto text = GENERATE(as<std::string>{}, "", "x", "nan", "inf", "1e999", "1x");
  CHECK_THROWS_AS(parse_number(text), mw::UsageError);
}

namespace {

mw::Status quarter_done() {
  mw::Status status;
  status.tasks = 200;
  status.finished = 47;
  status.errors = 3;
  status.running = 4;
  status.seconds = 10;
  status.workers.resize(4);
  for (mw::WorkerStatus& worker : status.workers) worker.state = mw::WorkerState::busy;
  return status;
}

}  // namespace

TEST_CASE("the progress line says as much as has room, and what matters most in any case", "[app]") {
  const mw::Status status = quarter_done();
  const Pace pace{.per_second = 5, .seconds_left = 30};
  CHECK(bar_line(status, pace, 120) == "[" + std::string(10, '=') + ">" + std::string(29, ' ') +
                                           "]  25 %  50 of 200 tasks, 3 failed, 4 run on 4 workers, 5.0/s, 30 s left");
  CHECK(bar_line(status, pace, 80) == "[=====>              ]  25 %  50 of 200 tasks, 3 failed, 4 run, 5.0/s, 30 s left");
  CHECK(bar_line(status, pace, 40) == "  25 %  50 of 200, 3 failed, 30 s left");
  CHECK(bar_line(status, pace, 20) == "  25 %, 3 failed");
  for (std::size_t width = 0; width <= 200; ++width) {
    CHECK(bar_line(status, pace, width).size() <= width);
    CHECK(progress_text(status, {}, width).size() <= width);
  }
  for (const std::size_t width : {20u, 40u, 80u, 120u})
    for (const char* part : {" 25 %", "3 failed"}) CHECK(bar_line(status, pace, width).find(part) != std::string::npos);
}

TEST_CASE("the progress line says that all is done only when it is, and that it is paused", "[app]") {
  mw::Status status;
  CHECK(bar_line(status, {}, 80).find("0 %  0 of 0 tasks") != std::string::npos);
  status.tasks = 1'000;
  status.finished = 999;
  CHECK(bar_line(status, {}, 80).find(" 99 %") != std::string::npos);
  status.is_paused = true;
  CHECK(bar_line(status, {}, 20) == "  99 %, paused");
  status.finished = 1'000;
  CHECK(bar_line(status, {}, 80).find("100 %") != std::string::npos);
}

TEST_CASE("the pace is that of the last seconds, or of the whole run where few tasks ended in them", "[app]") {
  mw::Status status;
  status.tasks = 10'000;
  status.ready_seconds = 1;
  PaceWatch watch;
  CHECK_FALSE(watch.note(status).per_second);
  status.seconds = 3;
  status.finished = 4;
  CHECK(watch.note(status).per_second == Approx(2));  // of two seconds with workers
  for (status.seconds = 4; status.seconds < 30; status.seconds += 1) {
    status.finished += 100;
    watch.note(status);
  }
  const Pace pace = watch.note(status);
  CHECK(pace.per_second == Approx(100).epsilon(0.15));
  CHECK(pace.seconds_left == Approx(74).epsilon(0.15));
  status.is_paused = true;
  CHECK_FALSE(watch.note(status).seconds_left);
}

TEST_CASE("what is no UTF-8 becomes U+FFFD, byte by byte, and what is stays", "[app]") {
  CHECK(mw::valid_utf8("") == "");
  CHECK(mw::valid_utf8("na\u00efve \u4e2d\u6587 \U0001F600") == "na\u00efve \u4e2d\u6587 \U0001F600");
  CHECK(mw::valid_utf8("caf\xe9") == "caf\uFFFD");
  CHECK(mw::valid_utf8("\xe9t\xe9") == "\uFFFDt\uFFFD");
  CHECK(mw::valid_utf8("\xe2\x82") == "\uFFFD\uFFFD");            // the beginning of a character
  CHECK(mw::valid_utf8("\xc0\xaf") == "\uFFFD\uFFFD");            // '/', written too long
  CHECK(mw::valid_utf8("\xed\xa0\x80") == "\uFFFD\uFFFD\uFFFD");  // a surrogate
  CHECK(mw::valid_utf8(std::string_view{"a\0b", 3}) == std::string_view{"a\0b", 3});
}

TEST_CASE("an error about an interface quotes what was given: the interface as it is, and the number of workers", "[app]") {
  const auto error_of = [](const std::string& spec, std::uint64_t workers) {
    try {
      mw::interface(spec, workers);
    } catch (const mw::UsageError& e) {
      return std::string{e.what()};
    }
    return std::string{};
  };
  CHECK(error_of("multicore", 70'000) == "multicore has 1 to 65536 workers, not 70000");
  CHECK(error_of("serial", 2) == "serial has 1 worker, not 2");
  CHECK(error_of("mpi?hosts=a", 5'000) == "mpi has 1 to 4096 workers, not 5000");
  CHECK(error_of("multicore", 0) == "multicore has 1 to 65536 workers, not 0");
  CHECK_THAT(error_of("multicore:3", 2), Catch::Contains("\"multicore:3\" and 2 workers"));
  CHECK_THAT(error_of("mpi?no=1", 2), Catch::Contains("\"mpi?no=1\""));
  CHECK_THAT(error_of("multicore:x", 2), Catch::Contains("\"multicore:x\""));
  CHECK_THAT(error_of("mpi:", 2), Catch::Contains("\"mpi:\""));
#ifdef MW_HAVE_BOINC
  CHECK(error_of("boinc", 257) == "boinc has 1 to 256 workers, not 257");
  CHECK_THAT(error_of("boinc:?no=1", 2), Catch::Contains("\"boinc:?no=1\""));
  CHECK(error_of("boinc:", 2).empty());
  CHECK(error_of("boinc:?project=/p", 2) == "\"boinc:?project=/p\" has the workers of its project, not 2");
  CHECK(error_of("boinc:project=/p", 2) == "\"boinc:project=/p\" has the workers of its project, not 2");
#endif
}

TEST_CASE("a word with a mistake is taken for the name that is most like it", "[app]") {
  const std::vector<std::string> names{"--points", "--block", "--json", "--progress", "--no-progress"};
  CHECK(mw::app::most_alike("--point", names) == "--points");
  CHECK(mw::app::most_alike("--pionts", names) == "--points");
  CHECK(mw::app::most_alike("--prog", names) == "--progress");
  CHECK(mw::app::most_alike("--blck", names) == "--block");
  CHECK(mw::app::most_alike("--nonsense", names).empty());
  CHECK(mw::app::most_alike("-", names).empty());
  CHECK(mw::app::most_alike("--", names).empty());
}

namespace {
struct SaysNothing : std::exception {
  const char* what() const noexcept override { return nullptr; }
};
}  // namespace

TEST_CASE("whatever an application's work throws is a line on stderr and exit status 1", "[app]") {
  const auto said_of = [](const auto& work) {
    mw::App app{"test", "throws"};
    std::string program = "test", flag = "-i", spec = "serial";
    char* arguments[]{program.data(), flag.data(), spec.data(), nullptr};
    int status = -1;
    const std::string text = test::stderr_of([&] { status = app.run(3, arguments, [&](mw::Master&, mw::Report&) { work(); }); });
    CHECK(status == 1);
    return text;
  };
  CHECK(said_of([] { throw SaysNothing{}; }) == "test: an exception whose what() is null\n");
  CHECK(said_of([] { throw 5; }) == "test: an exception that is no std::exception\n");
  CHECK(said_of([] {
          try {
            throw std::runtime_error{"inner"};
          } catch (...) {
            std::throw_with_nested(std::runtime_error{"outer"});
          }
        }) == "test: outer; caused by std::runtime_error: inner\n");
}
