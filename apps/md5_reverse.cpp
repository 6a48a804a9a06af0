// Finds the number below N whose MD5 is given, and stops all tasks when it is found (Concurrent's example): as a task
// system, as plain tasks, or as a batch. The three find the same.
#include <mw/app.hpp>
#include <mw/mw.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "md5_of_number.hpp"

using Range = std::pair<std::uint64_t, std::uint64_t>;  // from, to: to is not in it
using Found = std::optional<std::uint64_t>;

Found search(const Range& range, const apps::Digest& wanted) {
  constexpr std::uint64_t look_every = 1 << 16;
  for (std::uint64_t number = range.first; number < range.second; ++number) {
    if (apps::md5_of_number(number) == wanted) return number;
    if (number % look_every != 0) continue;
    mw::set_progress(static_cast<double>(number - range.first) / static_cast<double>(range.second - range.first));
    if (mw::should_stop()) break;
  }
  return std::nullopt;
}
Found search_part(const std::pair<Range, apps::Digest>& part) { return search(part.first, part.second); }

std::vector<Range> parts_of(std::uint64_t below, std::uint64_t count) {
  std::vector<Range> parts;
  count = std::min(count, below);
  for (std::uint64_t i = 0, first = 0; i < count; ++i) {
    const std::uint64_t size = below / count + (i < below % count);
    parts.emplace_back(first, first + size);
    first += size;
  }
  return parts;
}

class Reversal final : public mw::TaskSystem<Found, Found> {
 public:
  Reversal(std::vector<Range> parts, const apps::Digest& wanted) : parts_{std::move(parts)}, wanted_{wanted} {}
  void generate_tasks(Tasks& tasks) override {
    for (const Range& part : parts_) tasks.submit<search>(part, wanted_);
  }
  void task_finished(std::size_t, Found found, Tasks&) override {
    if (found) found_ = found;
  }
  bool is_complete() const override { return found_.has_value(); }
  Found gather_result() override { return found_; }

 private:
  const std::vector<Range> parts_;
  const apps::Digest wanted_;
  Found found_;
};

Found by_tasks(mw::Master& master, const std::vector<Range>& parts, const apps::Digest& wanted) {
  std::vector<mw::Task<Found>> tasks;
  for (const Range& part : parts) tasks.push_back(master.submit_task<search>(part, wanted));
  for (const auto& done : master.as_completed(tasks)) {
    const Found found = done.result();
    if (!found) continue;
    for (const auto& task : tasks) master.cancel(task);
    return found;
  }
  return std::nullopt;
}

/// The batch is cancelled when its range goes.
Found by_batch(mw::Master& master, const std::vector<Range>& parts, const apps::Digest& wanted) {
  std::vector<std::pair<Range, apps::Digest>> inputs;
  for (const Range& part : parts) inputs.emplace_back(part, wanted);
  for (const Found& found : master.map<search_part>(inputs, {.chunk = 1, .ordered = false}))
    if (found) return found;
  return std::nullopt;
}

int main(int argc, char** argv) {
  mw::init(argc, argv);
  std::uint64_t below = 10'000'000, tasks = 128;
  std::string md5, form = "system";
  mw::App app{"md5_reverse", "Finds the number whose MD5 is given."};
  app.option("--md5", md5, "32 hex digits; default: that of N - 1");
  app.option("--below", below, "N: numbers from 0 to N - 1 are tried", 1);
  app.option("--tasks", tasks, "how many tasks", 1, 1'000'000'000);
  app.option("--form", form, "system, tasks or batch");
  std::optional<apps::Digest> wanted;
  app.check([&] {
    wanted = md5.empty() ? apps::md5_of_number(below - 1) : apps::parse_md5(md5);
    if (!wanted) throw mw::UsageError{"--md5: \"" + md5 + "\" is not 32 hex digits"};
    if (form != "system" && form != "tasks" && form != "batch")
      throw mw::UsageError{"--form: \"" + form + "\" is none of system, tasks, batch"};
  });
  return app.run(argc, argv, [&](mw::Master& master, mw::Report& report) {
    const std::vector<Range> parts = parts_of(below, tasks);
    Found found;
    if (form == "system") {
      Reversal reversal{parts, *wanted};
      found = master.run(reversal);
    } else {
      found = form == "tasks" ? by_tasks(master, parts, *wanted) : by_batch(master, parts, *wanted);
    }
    report.result("found", found.has_value());
    if (found) report.result("number", *found);
  });
}
