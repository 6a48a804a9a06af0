// A run that is killed and started again, with a journal.
//
//     journalled_run SPEC FOLDER TASKS soon|always|cache [all|turns]
//
// Each task writes its number to FOLDER/ran when it runs. When get_result has returned a task's result, its number and
// the time go to FOLDER/delivered. At its end the program prints the sum of all results. With `cache` there is a cache
// in place of the journal; with `turns`, each task is submitted when the one before has been delivered. Exit status 3:
// a journal that cannot be used, with its error.
#include <mw/mw.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

/// In one piece, at the end of the file, whoever else writes there.
template <class Record>
void append(int file, const Record& record) {
  if (::write(file, &record, sizeof record) != static_cast<ssize_t>(sizeof record)) std::abort();
}

int opened(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) std::abort();
  return file;
}

std::uint64_t work(const std::string& folder, std::uint64_t number) {
  static const int file = opened(folder + "/ran");
  append(file, number);
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds{50};
  while (std::chrono::steady_clock::now() < end) continue;
  return number * number + 1;
}

struct Delivered {
  std::uint64_t number;
  std::int64_t ns;
};

mw::MasterOptions options_of(const std::string& folder, const std::string& sync) {
  if (sync == "cache") return {.cache = folder + "/results.mwc"};
  return {.journal = folder + "/run.mwj", .journal_sync = sync == "always" ? mw::JournalSync::always : mw::JournalSync::soon};
}

void run(char** argv) {
  const std::string folder = argv[2];
  const std::uint64_t count = std::strtoull(argv[3], nullptr, 10);
  const bool turns = argv[5] && std::string{argv[5]} == "turns";
  mw::Master master{mw::interface(argv[1]), options_of(folder, argv[4])};
  std::vector<mw::Task<std::uint64_t>> tasks;
  for (std::uint64_t i = 0; i < count && !turns; ++i) tasks.push_back(master.submit_task<work>(folder, i));
  const int delivered = opened(folder + "/delivered");
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    sum += master.get_result(turns ? master.submit_task<work>(folder, i) : tasks[i]);
    append(delivered, Delivered{i, std::chrono::steady_clock::now().time_since_epoch().count()});
  }
  std::printf("%llu\n", static_cast<unsigned long long>(sum));
}

}  // namespace

int main(int argc, char** argv) {
  mw::init(argc, argv);
  if (argc != 5 && argc != 6) return 2;
  try {
    run(argv);
  } catch (const mw::JournalError& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 3;
  }
}
