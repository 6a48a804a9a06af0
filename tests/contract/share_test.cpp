// The contract of every interface: data that many tasks take, given once.
#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <map>
#include <numeric>
#include <optional>

#include <unistd.h>

#include <mw/task_system.hpp>

#include "contract/functions.hpp"
#include "support/errors.hpp"
#include "support/processes.hpp"

using namespace contract;
using test::error_of;

namespace {

/// Counts in this process how often one was encoded, and how often decoded.
struct Table {
  std::vector<double> cells;

  template <class Archive>
  void save(Archive& archive) const {
    ++encoded;
    archive(cells);
  }
  template <class Archive>
  void load(Archive& archive) {
    ++decoded;
    archive(cells);
  }
  static inline int encoded = 0;
  static inline int decoded = 0;
};

Table table_of(std::size_t cells) {
  Table table;
  table.cells.resize(cells);
  std::iota(table.cells.begin(), table.cells.end(), 0.0);
  return table;
}

struct Seen {
  double value = 0;
  int process = 0;
  int decoded = 0;
};
Seen look(const mw::Shared<Table>& table, std::size_t cell) { return {table->cells[cell], ::getpid(), Table::decoded}; }
double cell_of(const Table& table, std::size_t cell) { return table.cells[cell]; }

struct Question {
  mw::Shared<Table> table;
  std::size_t cell = 0;
};
double answer(const Question& question) { return question.table->cells[question.cell]; }
double plus_first(double number, const mw::Shared<Table>& table) { return number + table->cells[1]; }
double sum_of_two(double a, double b) { return a + b; }
double sum_of_first(const std::vector<mw::Shared<Table>>& tables) {
  return std::accumulate(tables.begin(), tables.end(), 0.0, [](double sum, const auto& one) { return sum + one->cells[0]; });
}
double sum_of_range(std::span<const double> values, std::size_t begin, std::size_t end) {
  const auto part = values.subspan(begin, end - begin);
  return std::accumulate(part.begin(), part.end(), 0.0);
}
bool lies_at_a_page(const mw::Shared<std::span<const double>>& values) {
  return reinterpret_cast<std::uintptr_t>(values->data()) % 4096 == 0;
}
double size_of_text(const mw::Shared<std::string>& text, const std::string& more) {
  return static_cast<double>(text->size() + more.size());
}
Question give_back(const mw::Shared<Table>& table) { return {table, 0}; }
bool has_value(const mw::Shared<int>& number) { return static_cast<bool>(number); }

mw::Shared<Table> kept;
int keep(const mw::Shared<Table>& table) {
  kept = table;
  return ::getpid();
}
std::optional<double> kept_cell(std::size_t cell) { return kept ? std::optional{kept->cells[cell]} : std::nullopt; }
int drop_kept() {
  kept = {};
  return ::getpid();
}

/// How many shared values this process has open, and another one mapped.
int open_here() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
    std::error_code error;
    if (std::filesystem::read_symlink(entry, error).string().find("shared value") != std::string::npos) ++count;
  }
  return count;
}
/// In memory that is the master's, or in a file that came from it.
bool is_mapped_in(int process) {
  const std::string maps = test::file_text("/proc/" + std::to_string(process) + "/maps");
  return maps.find("shared value") != std::string::npos || maps.find("/cppmw-") != std::string::npos;
}

std::string with_one_worker(const std::string& spec) { return spec == "serial" ? spec : with_workers(spec, 1); }

}  // namespace

TEST_CASE("a value that is given once is encoded once, and decoded once a worker process", "[contract][share]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const int encoded_before = Table::encoded;
  const int decoded_before = Table::decoded;
  const auto table = master.share(table_of(1'000'000));  // 8 MB
  std::vector<mw::Task<Seen>> tasks;
  for (std::size_t i = 0; i < 40; ++i) tasks.push_back(master.submit_task<look>(table, i * 1000));
  for (std::size_t i = 0; i < 40; ++i) {
    const Seen seen = master.get_result(tasks[i]);
    CHECK(seen.value == static_cast<double>(i * 1000));
    CHECK(seen.decoded - (seen.process == ::getpid() ? decoded_before : 0) == 1);
  }
  CHECK(Table::encoded == encoded_before + 1);
}

TEST_CASE("a function may take the value itself, and be given the handle or another value", "[contract][share]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto table = master.share(table_of(10));
  const int encoded_before = Table::encoded;
  const auto by_handle = master.submit_task<cell_of>(table, 3);
  const auto with_options = master.submit_task<cell_of>({.name = "the fifth"}, table, 5);
  CHECK(Table::encoded == encoded_before);
  const auto by_value = master.submit_task<cell_of>(table_of(5), 4u);
  CHECK(by_handle.name().find("cell_of") != std::string::npos);
  CHECK(by_handle.name().find("WithShared") == std::string::npos);
  CHECK(with_options.name() == "the fifth");
  CHECK(master.get_result(by_handle) == 3);
  CHECK(master.get_result(with_options) == 5);
  CHECK(master.get_result(by_value) == 4);
  CHECK(table->cells.size() == 10);  // here, too
}

TEST_CASE("numbers are read where they lie, with no copy in any worker", "[contract][share]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  std::vector<double> numbers(100'000);
  std::iota(numbers.begin(), numbers.end(), 1.0);
  const auto all = master.share(std::span{numbers});
  numbers.clear();
  std::vector<mw::Task<double>> parts;
  for (std::size_t i = 0; i < 10; ++i) parts.push_back(master.submit_task<sum_of_range>(all, i * 10'000, (i + 1) * 10'000));
  const auto at_a_page = master.submit_task<lies_at_a_page>(all);
  const auto of_none = master.submit_task<sum_of_range>(master.share(std::span<const double>{}), 0u, 0u);
  double sum = 0;
  for (const auto& part : parts) sum += master.get_result(part);
  CHECK(sum == 100'000.0 * 100'001.0 / 2);
  CHECK(master.get_result(at_a_page));
  CHECK(master.get_result(of_none) == 0);
  CHECK(all->size() == 100'000);
}

TEST_CASE("handles lie in structs, containers and the elements of map's range", "[contract][share]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto table = master.share(table_of(100));
  Table ones;
  ones.cells = {1};
  const auto one = master.share(ones);
  const auto text = master.share(std::string(300'000, 'x'));
  const int encoded_before = Table::encoded;
  const auto in_struct = master.submit_task<answer>({table, 7});
  const auto in_vector = master.submit_task<sum_of_first>({one, table, one, one});
  const auto beside = master.submit_task<size_of_text>(text, std::string(200'000, 'y'));
  const auto empty = master.submit_task<has_value>(mw::Shared<int>{});
  CHECK(master.get_result(in_struct.then<plus_first>(table)) == 8);
  CHECK(master.get_result(in_struct) == 7);
  CHECK(master.get_result(in_vector) == 3);
  CHECK(master.get_result(beside) == 500'000);
  CHECK_FALSE(master.get_result(empty));

  std::vector<Question> questions;
  for (std::size_t i = 0; i < 100; ++i) questions.push_back({i % 2 == 0 ? table : one, i % 2 == 0 ? i : 0});
  std::size_t at = 0;
  for (const double found : master.map<answer>(questions)) {
    CHECK(found == static_cast<double>(at % 2 == 0 ? at : 1));
    ++at;
  }
  CHECK(at == 100);
  CHECK(master.map_reduce<answer, sum_of_two>(questions) == 2450 + 50);

  struct Sum : mw::TaskSystem<double, double> {
    explicit Sum(const mw::Shared<Table>& table) : table_{table} {}
    void generate_tasks(Tasks& tasks) override {
      for (std::size_t i = 0; i < 5; ++i) tasks.submit<cell_of>(table_, i);
      tasks.submit_with<cell_of>({.priority = 1}, table_, 5u);
    }
    void task_finished(std::size_t, double found, Tasks&) override { sum_ += found; }
    double gather_result() override { return sum_; }
    const mw::Shared<Table>& table_;
    double sum_ = 0;
  };
  Sum sum{table};
  CHECK(master.run(sum) == 15);
  CHECK(Table::encoded == encoded_before);
}

TEST_CASE("a shared value goes with its last handle and the last task that takes it", "[contract][share]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(with_one_worker(spec))};
  REQUIRE(open_here() == 0);
  auto table = master.share(table_of(100'000));
  CHECK(open_here() == 1);
  const auto seen = master.get_result(master.submit_task<look>(table, 9));
  const bool lasts = !is_volunteer(spec) && spec != "serial";
  if (lasts) CHECK(is_mapped_in(seen.process));
  // The task needs it, whoever has a handle.
  const auto task = master.submit_task<cell_of>(std::exchange(table, {}), 11);
  CHECK(master.get_result(task) == 11);
  CHECK(test::eventually([] { return open_here() == 0; }));
  if (lasts) CHECK(test::eventually([&] { return !is_mapped_in(seen.process); }));
  CHECK(master.get_result(master.submit_task<add>(1, 2)) == 3);
}

TEST_CASE("a shared value that a task has kept stays in that worker", "[contract][share]") {
  const auto spec = GENERATE(as<std::string>{}, "serial", "multicore:1");
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const int process = master.get_result(master.submit_task<keep>(master.share(table_of(50))));
  CHECK(test::eventually([] { return open_here() == (kept ? 1 : 0); }));
  CHECK(master.get_result(master.submit_task<kept_cell>(49)) == 49);
  CHECK(master.get_result(master.submit_task<drop_kept>()) == process);
  if (spec != "serial") CHECK(test::eventually([&] { return !is_mapped_in(process); }));
  CHECK(test::eventually([] { return open_here() == 0; }));
}

TEST_CASE("a worker in the place of one that died gets the shared value anew", "[contract][share]") {
  const auto spec = with_workers(GENERATE(from_range(specs_with_lasting_workers())), 1);
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto table = master.share(table_of(100'000));
  const Seen first = master.get_result(master.submit_task<look>(table, 1));
  ::kill(first.process, SIGKILL);
  const Seen second = master.get_result(master.submit_task<look>(table, 99'999));
  CHECK(second.process != first.process);
  CHECK(second.value == 99'999);
  CHECK(second.decoded == 1);
}

TEST_CASE("a value is shared by the tasks of several masters, and outlives the one that it was given to", "[contract][share]") {
  std::optional<mw::Master> first{mw::interface("multicore:1")};
  mw::Master second{mw::interface("multicore:1")};
  auto table = first->share(table_of(20));
  CHECK(first->get_result(first->submit_task<cell_of>(table, 1)) == 1);
  first.reset();
  const Seen seen = second.get_result(second.submit_task<look>(table, 2));
  CHECK(seen.value == 2);
  CHECK(is_mapped_in(seen.process));
  table = {};
  CHECK(test::eventually([&] { return !is_mapped_in(seen.process) && open_here() == 0; }));
}

TEST_CASE("a shared value is no result, and cannot be encoded by itself", "[contract][share]") {
  mw::Master master{mw::interface("serial")};
  const auto table = master.share(table_of(2));
  CHECK_THROWS_AS(mw::encode(table), mw::CodecError);
  const auto error = error_of(master, master.submit_task<give_back>(table));
  CHECK(error.message().find("no part of a result") != std::string::npos);
  CHECK_FALSE(test::usage_error([] { static_cast<void>(mw::Shared<int>{}.get()); }).empty());
}

TEST_CASE("20 MB are shared by many tasks on all workers: for those who count what goes over the wire", "[.][once_per_host]") {
  for (const std::string& spec : specs()) {
    INFO(spec);
    auto interface = mw::interface(spec);
    const std::size_t expected = interface->expected_slots();
    mw::Master master{std::move(interface)};
    REQUIRE(test::eventually([&] { return master.workers().size() >= expected; }, std::chrono::seconds{30}));
    const auto table = master.share(table_of(2'500'000));
    std::vector<mw::Task<double>> tasks;
    for (int round = 0; round < 4; ++round)
      for (const mw::WorkerStatus& worker : master.workers())
        tasks.push_back(master.submit_task<cell_of>({.worker = worker.name}, table, std::size_t{7}));
    for (const auto& task : tasks) CHECK(master.get_result(task) == 7);
  }
}
