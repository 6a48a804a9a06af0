// Counts a string in data files, which travel with the tasks to where they run: one file a task (PyMW's example).
#include <mw/app.hpp>
#include <mw/mw.hpp>

#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "files.hpp"

/// Without overlaps, as grep -o counts within a line. `file` is in the task's own folder.
std::uint64_t count_in(const std::string& file, const std::string& wanted) {
  std::ifstream stream{file, std::ios::binary};
  if (!stream) throw std::runtime_error{file + " cannot be read"};
  std::uint64_t count = 0;
  for (std::string line; std::getline(stream, line);)
    for (auto at = line.find(wanted); at != std::string::npos; at = line.find(wanted, at + wanted.size())) ++count;
  return count;
}

int main(int argc, char** argv) {
  mw::init(argc, argv);
  std::string folder = ".", pattern = "*", wanted;
  mw::App app{"string_count", "Counts a string in files."};
  app.option("--folder", folder, "where the files are, and in the folders in it");
  app.option("--pattern", pattern, "which of them, as the shell has it: *.txt");
  app.option("--string", wanted, "what is counted, within lines");
  std::vector<std::string> paths;
  app.check([&] {
    if (wanted.empty()) throw mw::UsageError{"--string: what is to be counted?"};
    if (wanted.find('\n') != std::string::npos) throw mw::UsageError{"--string: it is counted within lines, and has none in it"};
    paths = apps::files_below(folder, pattern);
  });
  return app.run(argc, argv, [&](mw::Master& master, mw::Report& report) {
    std::vector<mw::Task<std::uint64_t>> tasks;
    for (const std::string& path : paths)
      tasks.push_back(master.submit_task<count_in>({.files = {{path, "data"}}}, std::string{"data"}, wanted));
    std::uint64_t count = 0;
    for (const auto& task : tasks) count += master.get_result(task);
    report.result("files", std::uint64_t{paths.size()});
    report.result("count", count);
  });
}
