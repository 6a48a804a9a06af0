// Python workers, from a master's side: the real python3, on every interface that can start them.
#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <mw/mw.hpp>

#include "support/captured_stderr.hpp"
#include "support/errors.hpp"
#include "support/forked.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace mw;
using namespace std::chrono_literals;
using Catch::Contains;
using test::error_of;

namespace {

int of_cpp(int x) { return x; }

const std::string functions_file = PYTHON_TESTS "/functions.py";
std::string spec_of(const std::string& interface_name, const std::string& file = functions_file) {
  return interface_name + "?worker=" + file;
}

/// Each case runs on both.
Master master_of_functions() { return Master{interface(spec_of(GENERATE(as<std::string>{}, "multicore:2", "tcp:2")))}; }

void write_text(const std::string& path, const std::string& text) { std::ofstream{path} << text; }
std::string text_in(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// Whoever has to reap it may take his time.
bool ends(pid_t pid) {
  return test::eventually([&] {
    const char state = test::state_of(pid);
    return state == '\0' || state == 'Z' || state == 'X';
  });
}

}  // namespace

TEST_CASE("values of all kinds go to Python and come back", "[python]") {
  Master master = master_of_functions();
  const Value value =
      Value::from_json(R"([null,true,-9223372036854775808,0.1,"ä\u20ac\ud83d\udc1f\"\\\u0000",[],{},{"a":[1,{"b":2.0}]}])");
  CHECK(master.get_result(master.submit_task(Remote{"same"}, value)).to_json() == value.to_json());
  CHECK(master.get_result(master.submit_task(Remote<std::vector<std::string>>{"kinds"}, nullptr, true, 1, 1.0, "x", std::vector{1},
                                             std::map<std::string, int>{}, std::optional<int>{}, std::tuple{1, "a"})) ==
        std::vector<std::string>{"NoneType", "bool", "int", "float", "str", "list", "dict", "NoneType", "list"});
  for (const double number : {5e-324, 1.0 / 3, 1.7976931348623157e308, -0.0})
    CHECK(master.get_result(master.submit_task(Remote<double>{"same"}, number)) == number);
  CHECK(std::isnan(master.get_result(master.submit_task(Remote<double>{"same"}, std::nan("")))));
  CHECK(master.get_result(master.submit_task(Remote<double>{"same"}, -std::numeric_limits<double>::infinity())) < 0);
  CHECK(master.get_result(master.submit_task(Remote<int>{"add"}, 2)) == 3);
  CHECK(master.get_result(master.submit_task(Remote<std::string>{"add"}, "a", "b")) == "ab");
  master.get_result(master.submit_task(Remote<void>{"add"}, 2, 3));
  CHECK(master.get_result(master.submit_task(Remote{"point"})) == Value::from_json(R"({"x":1.5,"y":2.5})"));
  const auto task = master.submit_task(Remote<double>{"add"}, 1, 2.5);
  CHECK(task.name() == "add");
  CHECK(master.future(task).get() == 3.5);
}

TEST_CASE("what Python raises is the task's error, with its traceback", "[python]") {
  Master master = master_of_functions();
  const TaskError error = error_of(master, master.submit_task(Remote{"fail"}, "too sour"));
  CHECK(error.cause() == Cause::exception);
  CHECK(error.exception_type() == "functions.Sour");
  CHECK(error.message() == "too sour");
  CHECK(error.function() == "fail");
  CHECK_THAT(error.stderr_tail(), Contains("functions.py\", line") && Contains("in fail") && Contains("raise Sour(text)"));
  CHECK_THAT(error.stderr_tail(), !Contains("cppmw_worker"));
  CHECK(error_of(master, master.submit_task(Remote{"divide"}, 0)).exception_type() == "ZeroDivisionError");
}

TEST_CASE("a call that Python does not take says what it would", "[python]") {
  Master master = master_of_functions();
  const TaskError error = error_of(master, master.submit_task(Remote{"add"}, 1, 2, 3));
  CHECK(error.exception_type() == "TypeError");
  CHECK_THAT(error.message(), Contains("add(x, y=1) was called with other arguments") && Contains("3 were given"));
  CHECK_THAT(error_of(master, master.submit_task(Remote{"wrong_inside"})).message(), !Contains("called with other arguments"));

  const TaskError unknown = error_of(master, master.submit_task(Remote{"ad"}, 1));
  CHECK(unknown.cause() == Cause::unknown_function);
  CHECK_THAT(unknown.message(), Contains("no function \"ad\" here (did you mean \"add\"?)") && Contains("add(x, y=1)"));
  CHECK_THAT(unknown.message(), Contains("more) by name"));
  CHECK(error_of(master, master.submit_task(Remote{"_hidden"})).cause() == Cause::unknown_function);
  CHECK(error_of(master, master.submit_task(Remote{"Sour"})).cause() == Cause::unknown_function);
  const TaskError cpp = error_of(master, master.submit_task<of_cpp>(1));
  CHECK(cpp.cause() == Cause::unknown_function);
  CHECK_THAT(cpp.message(),
             Contains("no C++ function here: this worker is functions.py, a Python program, which has abort(), add(x, y=1)"));
  const auto first = master.submit_task(Remote<int>{"add"}, 1);
  CHECK_THROWS_WITH(first.then<of_cpp>(), Contains("is a call by name"));
  CHECK(master.get_result(first) == 2);
  CHECK_THROWS_AS(master.submit_task(Remote{""}), UsageError);
  CHECK_THROWS_AS(master.submit_task(Remote{"same"}, "\xff"), CodecError);
  CHECK_THROWS_AS(master.submit_task(Remote{"same"}, std::numeric_limits<std::uint64_t>::max()), CodecError);
}

TEST_CASE("results that cannot travel, or are of another type, are errors with a reason", "[python]") {
  Master master = master_of_functions();
  const TaskError set = error_of(master, master.submit_task(Remote{"set_of"}, std::vector{1}));
  CHECK(set.cause() == Cause::bad_message);
  CHECK_THAT(set.message(), Contains("what set_of returned cannot travel: a set cannot travel"));
  CHECK(error_of(master, master.submit_task(Remote{"lone_surrogate"})).cause() == Cause::bad_message);
  CHECK_THAT(error_of(master, master.submit_task(Remote{"huge"})).message(), Contains("more than 63 bits"));
  CHECK_THAT(error_of(master, master.submit_task(Remote{"deep"}, 250)).message(), Contains("more than 200 deep"));
  CHECK(error_of(master, master.submit_task(Remote{"deep"}, 100'000)).cause() == Cause::bad_message);
  CHECK_THAT(error_of(master, master.submit_task(Remote<int>{"same"}, "x")).message(),
             Contains("the value is a text, where a whole number is wanted"));
  CHECK(master.get_result(master.submit_task(Remote<int>{"add"}, 1)) == 2);
}

TEST_CASE("a Python task that ends its process, or wants to, is an error, and others go on", "[python]") {
  Master master = master_of_functions();
  const TaskError left = error_of(master, master.submit_task(Remote{"leave"}, 3));
  CHECK(left.cause() == Cause::exit_status);
  CHECK(left.failure().exit_status == 3);
  CHECK(error_of(master, master.submit_task(Remote{"leave"}, 0)).cause() == Cause::exit_status);
  const TaskError aborted = error_of(master, master.submit_task({.retries = 0}, Remote{"abort"}));
  CHECK(aborted.cause() == Cause::signal);
  CHECK(aborted.failure().signal == SIGABRT);
  CHECK_THAT(aborted.stderr_tail(), Contains("said before the abort"));
  const TaskError gone = error_of(master, master.submit_task({.retries = 0}, Remote{"leave_at_once"}, 7));
  CHECK(gone.cause() == Cause::exit_status);
  CHECK(gone.failure().exit_status == 7);
  CHECK(master.get_result(master.submit_task(Remote<int>{"add"}, 1)) == 2);
}

TEST_CASE("limits and cancelling end a Python task", "[python]") {
  Master master = master_of_functions();
  CHECK(error_of(master, master.submit_task({.hard_limit = 200ms}, Remote{"for_ever"})).cause() == Cause::time_limit);
  CHECK(master.get_result(master.submit_task({.soft_limit = 50ms}, Remote<std::string>{"until_told"})) == "told");
  const TaskError memory = error_of(master, master.submit_task({.memory_limit = 64 << 20}, Remote{"eat"}, 256));
  CHECK(memory.cause() == Cause::memory_limit);
  CHECK(master.get_result(master.submit_task(Remote<int>{"eat"}, 256)) == 256 << 20);
  const auto task = master.submit_task(Remote{"for_ever"});
  while (task.state() != TaskState::running) std::this_thread::sleep_for(5ms);
  CHECK(master.cancel(task));
  const auto begin = std::chrono::steady_clock::now();
  std::vector<Task<int>> both{master.submit_task(Remote<int>{"add"}, 1), master.submit_task(Remote<int>{"add"}, 2)};
  for (const auto& one : both) master.get_result(one);
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
}

TEST_CASE("what a Python task prints is its output, and what it changes is put back", "[python]") {
  Master master = master_of_functions();
  const auto task = master.submit_task(Remote<int>{"say"}, "eels");
  CHECK(master.get_result(task) == 4);
  CHECK(task.stdout_text() == "eels\nfrom below\n");
  CHECK(task.stderr_text() == "err eels\n");
  const auto much = master.submit_task(Remote<void>{"much"}, 20 * 1024);
  master.get_result(much);
  CHECK(much.stdout_text().size() > (16 << 20));
  CHECK_THAT(much.stdout_text().substr(much.stdout_text().size() - 200), Contains("the rest was dropped"));
  for (int i = 0; i < 4; ++i) master.get_result(master.submit_task(Remote<void>{"change_all"}));
  for (int i = 0; i < 4; ++i) {
    CHECK(master.get_result(master.submit_task(Remote{"state"})).to_json() == "[false,null,false]");
    const auto again = master.submit_task(Remote<int>{"say"}, "eel");
    master.get_result(again);
    CHECK(again.stdout_text() == "eel\nfrom below\n");
    if (i < 2) master.get_result(master.submit_task(Remote<void>{"close_all"}));
  }
}

TEST_CASE("a Python worker whose folder is gone makes room for another one, and the result counts", "[python]") {
  const test::TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::create_directory(folder.path("gone"));
  std::filesystem::current_path(folder.path("gone"));
  std::optional<Master> master{Master{interface(spec_of("multicore:1"))}};
  const auto task = master->submit_task({.retries = 0}, Remote<int>{"remove_folder"});
  const int worker = master->get_result(task);
  CHECK(task.losses() == 0);
  CHECK(ends(worker));
  std::filesystem::current_path(before);
}

TEST_CASE("a Python task emits values and lines while it runs", "[python]") {
  Master master = master_of_functions();
  const auto task = master.submit_task(Remote<void>{"parts"}, 3);
  std::vector<int> numbers;
  for (const auto& part : master.parts_of<Value>(task)) numbers.push_back(part.value["number"].as<int>());
  CHECK(numbers == std::vector{0, 1, 2});
  master.get_result(task);
  const test::TemporaryFolder folder;
  const auto halfway = master.submit_task(Remote<void>{"halfway"}, folder.path("go"));
  CHECK(test::eventually([&] { return halfway.progress() == 0.5; }));
  write_text(folder.path("go"), "");
  master.get_result(halfway);
  const auto lines = master.submit_task({.emit_stdout = true}, Remote<void>{"lines"}, 100);
  std::string text;
  for (const auto& part : master.parts_of<std::string>(lines)) text += part.value;
  CHECK(text == lines.stdout_text());
  CHECK_THAT(text, Contains("line 99\n"));
}

TEST_CASE("P53: what a Python task counts and times is in the status, and once", "[python][measure][P53]") {
  Master master = master_of_functions();
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 20; ++i) tasks.push_back(master.submit_task(Remote<int>{"count_eels"}, i * i * i));
  for (const auto& task : tasks) master.get_result(task);
  const std::vector<int> inputs{1, 2, 3, 4, 5};
  MapOptions options{.chunk = 5};
  options.task.retries = 1;
  for (const int result : master.map(Remote<int>{"fails_once"}, inputs, options)) CHECK(result > 0);
  const auto measures = master.measures();
  REQUIRE(measures.size() == 4);
  CHECK(measures[0].name == "eels");
  CHECK(measures[0].count == 20);
  CHECK(measures[0].sum == 36'100);
  CHECK(measures[0].min == 0);
  CHECK(measures[0].max == 6'859);
  CHECK(measures[0].p50 == Approx(729).epsilon(0.07));
  CHECK(measures[1].name == "tries");
  CHECK(measures[1].sum == 5);
  CHECK(measures[2].sum == 20);
  CHECK(measures[3].name == "walk");
  CHECK(measures[3].is_time);
  CHECK(measures[3].count == 20);
}

TEST_CASE("20 MB go to Python and back", "[python]") {
  Master master = master_of_functions();
  CHECK(master.get_result(master.submit_task(Remote<int>{"size_of"}, std::string(20'000'000, 'x'))) == 20'000'000);
  CHECK(master.get_result(master.submit_task(Remote<std::string>{"text_of"}, 20'000'000)) == std::string(20'000'000, 'x'));
}

TEST_CASE("a thousand small calls of Python, one by one and as a map", "[python]") {
  Master master = master_of_functions();
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 1000; ++i) tasks.push_back(master.submit_task(Remote<int>{"add"}, i, i));
  int right = 0;
  for (int i = 0; i < 1000; ++i) right += master.get_result(tasks[static_cast<std::size_t>(i)]) == 2 * i;
  CHECK(right == 1000);

  std::vector<std::pair<int, int>> pairs;
  for (int i = 0; i < 1000; ++i) pairs.emplace_back(i, i + 1);
  int at = 0;
  for (const int sum : master.map(Remote<int>{"add"}, pairs)) right += sum == 2 * at++ + 1;
  CHECK(right == 2000);
  auto odd = master.map(Remote<int>{"odd"}, std::vector{1, 2, 3}, {.chunk = 3});
  CHECK(odd.next()->has_value());
  const auto even = odd.next();
  REQUIRE(!even->has_value());
  CHECK(even->error().exception_type() == "ValueError");
  CHECK_THAT(even->error().message(), Contains("2 is even"));
  CHECK(odd.next()->has_value());
  CHECK(!odd.next());
}

TEST_CASE("files go to a Python task and come back", "[python]") {
  const test::TemporaryFolder folder;
  write_text(folder.path("in.txt"), "eels");
  Master master = master_of_functions();
  const auto task = master.submit_task({.files = {{folder.path("in.txt"), "in.txt"}},
                                        .outputs = {{"made.txt", folder.path("out.txt")}, {"**/*.csv", folder.path("csv/")}}},
                                       Remote<std::vector<std::string>>{"of_file"}, "in.txt");
  CHECK(master.get_result(task) == std::vector<std::string>{"deep", "in.txt", "made.txt"});
  CHECK(text_in(folder.path("out.txt")) == "EELS");
  CHECK(text_in(folder.path("csv/deep/b.csv")) == "b.csv");
  CHECK_FALSE(std::filesystem::exists(folder.path("csv/deep/.hidden.csv")));
  const TaskError missing =
      error_of(master, master.submit_task({.outputs = {{"never.txt", folder.path("never")}}}, Remote{"add"}, 1));
  CHECK(missing.cause() == Cause::output_file);
  CHECK_THAT(missing.message(), Contains("the output \"never.txt\" is not there"));
  CHECK(master.get_result(master.submit_task({.files = {{folder.path("in.txt"), "a/b.txt"}}}, Remote<int>{"mode_of"}, "a/b.txt")) ==
        0444);
}

TEST_CASE("what a Python worker started ends with it", "[python]") {
  std::optional<Master> master{master_of_functions()};
  const int worker = master->get_result(master->submit_task(Remote<int>{"pid"}));
  const int other = master->get_result(master->submit_task(Remote<int>{"grandchild"}));
  CHECK(::kill(other, 0) == 0);
  master.reset();
  CHECK(ends(other));
  CHECK(ends(worker));
}

TEST_CASE("kill -9 of the master ends Python workers, and what they started", "[python]") {
  const auto name = GENERATE(as<std::string>{}, "multicore:2", "tcp:2");
  const test::TemporaryFolder folder;
  test::exit_status_of([&] {
    Master master{interface(spec_of(name))};
    const int worker = master.get_result(master.submit_task(Remote<int>{"pid"}));
    const int other = master.get_result(master.submit_task(Remote<int>{"grandchild"}));
    write_text(folder.path("pids"), std::to_string(worker) + ' ' + std::to_string(other));
    return ::raise(SIGKILL);
  });
  std::ifstream pids{folder.path("pids")};
  for (int i = 0; i < 2; ++i) {
    pid_t pid = 0;
    REQUIRE(pids >> pid);
    CHECK(ends(pid));
  }
}

TEST_CASE("a Python file that cannot be loaded says so to whoever waits", "[python]") {
  const auto name = GENERATE(as<std::string>{}, "multicore:2", "tcp:2");
  const test::TemporaryFolder folder;
  write_text(folder.path("bad.py"), "import no_such_module\ndef f(): pass\n");
  const std::string said = test::stderr_of([&] {
    Master master{interface(spec_of(name, folder.path("bad.py")))};
    const auto task = master.submit_task(Remote{"f"});
    CHECK_THROWS_WITH(master.get_result(task, 30s), Contains("ModuleNotFoundError: No module named 'no_such_module'"));
  });
  CHECK_THAT(said, Contains("no_such_module"));
}

TEST_CASE("a Python file without functions says so", "[python]") {
  const test::TemporaryFolder folder;
  write_text(folder.path("none.py"), "x = 1\n");
  test::stderr_of([&] {
    Master master{interface(spec_of("multicore:1", folder.path("none.py")))};
    CHECK_THROWS_WITH(master.get_result(master.submit_task(Remote{"f"}), 30s),
                      Contains("has no functions that a master could call"));
  });
}

TEST_CASE("where there is no python3, that is the reason", "[python]") {
  const test::TemporaryFolder folder;
  const std::string before = std::getenv("PATH");
  // The node and its env are found without PATH.
  ::setenv("PATH", folder.path("").c_str(), 1);
  CHECK_THROWS_WITH(Master{interface(spec_of("multicore:1"))}, Contains("python3") && Contains("No such file"));
  test::stderr_of([&] {
    Master master{interface(spec_of("tcp:1"))};
    CHECK_THROWS_WITH(master.get_result(master.submit_task(Remote{"same"}, 1), 30s),
                      Contains("python3") && Contains("No such file"));
  });
  ::setenv("PATH", before.c_str(), 1);
}

TEST_CASE("a worker's file that is none is refused at once", "[python]") {
  const test::TemporaryFolder folder;
  write_text(folder.path("text.txt"), "def f(): pass\n");
  for (const std::string name : {"multicore:1", "tcp:1"}) {
    CHECK_THROWS_WITH(interface(spec_of(name, "/nowhere/x.py")), Contains("there is no such file here"));
    CHECK_THROWS_WITH(interface(spec_of(name, folder.path("text.txt"))), Contains("neither a Python file") && Contains("chmod +x"));
    CHECK_THROWS_WITH(interface(spec_of(name, folder.path(""))), Contains("is no regular file"));
  }
}

TEST_CASE("C++ workers have no functions by name, and say so", "[python]") {
  Master master{interface(GENERATE(as<std::string>{}, "serial", "multicore:1", "tcp:1"))};
  const TaskError error = error_of(master, master.submit_task(Remote{"score"}, 1));
  CHECK(error.cause() == Cause::unknown_function);
  CHECK_THAT(error.message(), Contains("this worker is a C++ program and has no function \"score\" by name"));
  auto map = master.map(Remote{"score"}, std::vector{1});
  CHECK_THAT(map.next()->error().message(), Contains("has no function \"score\" by name"));
}

TEST_CASE("an archive of several files, and a program that serves by itself, are workers, too", "[python]") {
  const auto name = GENERATE(as<std::string>{}, "multicore:1", "tcp:1");
  const test::TemporaryFolder folder;
  write_text(folder.path("helper.py"), "FACTOR = 21\n");
  write_text(folder.path("twice.py"),
             "import helper\nfrom cppmw_worker import task\n@task\ndef f(x): return x * helper.FACTOR\ndef g(): pass\n");
  const std::string pack = "python3 " CPPMW_WORKER " pack " + folder.path("twice.py") + " " + folder.path("helper.py") + " -o " +
                           folder.path("twice.pyz");
  REQUIRE(std::system(pack.c_str()) == 0);
  {
    Master master{interface(spec_of(name, folder.path("twice.pyz")))};
    CHECK(master.get_result(master.submit_task(Remote<int>{"f"}, 2)) == 42);
    CHECK(error_of(master, master.submit_task(Remote{"g"})).cause() == Cause::unknown_function);
  }
  write_text(folder.path("program"), "#!/usr/bin/env python3\nimport sys\nsys.path.insert(0, '" PYTHON_FOLDER
                                     "')\nfrom cppmw_worker import serve\ndef f(x): return x + 1\nserve()\n");
  ::chmod(folder.path("program").c_str(), 0755);
  Master master{interface(spec_of(name, folder.path("program")))};
  CHECK(master.get_result(master.submit_task(Remote<int>{"f"}, 41)) == 42);
}

TEST_CASE("results of a map that cannot travel are failures of their inputs alone", "[python]") {
  Master master{interface(spec_of("multicore:1"))};
  auto results = master.map(Remote{"set_if_two"}, std::vector{1, 2, 3}, {.chunk = 3});
  CHECK(results.next()->has_value());
  CHECK_THAT(results.next()->error().message(), Contains("what set_if_two returned cannot travel"));
  CHECK(std::move(*results.next()).value() == Value{3});
  CHECK_FALSE(results.next());
  int sum = 0;
  for (const auto& one : master.map(Remote<std::map<std::string, int>>{"named"}, std::vector<std::string>{"a", "b"}))
    for (const auto& [name, number] : one) sum += number;
  CHECK(sum == 2);
  master.map(Remote<void>{"same"}, std::vector{1.5, 2.5}).run();
}
