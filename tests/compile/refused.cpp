// What would not compile as a call does not compile as a task: each line of main() that is marked, and no other one.
#include <mw/mw.hpp>
#include <mw/task_system.hpp>

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

struct Base {
  int x = 0;
};
struct Derived {
  Derived() = default;
  explicit Derived(int) {}
  int x = 0;
  int y = 0;
};
struct Child : Base {
  int y = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(x, y);
  }
};

// A function of its own for each line, since a compiler says the same thing once only.
template <int = 0>
int sum(const Child& child);
template <int = 0>
int sum_by_value(Child child);
template <int = 0>
int explicit_only(const Derived& derived);
template <int = 0>
int size_of(const std::vector<int>& list);
template <int = 0>
int add(int a, int b);
template <int = 0>
int add_to(const Child& child, int b);

int main() {
  mw::Master master;
  mw::SystemTasks<int>* tasks = nullptr;
  const Base base;
  const Child child;
  const mw::TaskOptions options;
  static_cast<void>(master.submit_task<sum<>>(child));
  static_cast<void>(master.submit_task<sum<>>(options, child));
  static_cast<void>(master.submit_task<sum<>>({.retries = 2}, child));
  static_cast<void>(master.submit_task<size_of<>>({1, 2, 3}));
  static_cast<void>(master.submit_task<size_of<>>({.retries = 2}, {1, 2, 3}));
  static_cast<void>(tasks->submit<sum<>>(child));
  static_cast<void>(tasks->submit_with<sum<>>({.retries = 2}, child));
  master.map<add<>>(std::vector<std::pair<int, short>>{}).run();
  static_cast<void>(master.submit_task<sum<1>>(base));                     // refused
  static_cast<void>(master.submit_task<sum<2>>(options, base));            // refused
  static_cast<void>(master.submit_task<sum<3>>({.retries = 2}, base));     // refused
  static_cast<void>(master.submit_task<sum_by_value<4>>(base));            // refused
  static_cast<void>(master.submit_task<explicit_only<5>>(5));              // refused
  static_cast<void>(master.submit_task<size_of<6>>(5));                    // refused
  static_cast<void>(master.submit_task<add<7>>(1));                        // refused
  static_cast<void>(master.submit_task<add<8>>(1, 2, 3));                  // refused
  static_cast<void>(master.submit_task<add<9>>({.retries = 2}, 1, 2, 3));  // refused
  static_cast<void>(tasks->submit<sum<10>>(base));                         // refused
  static_cast<void>(tasks->submit_with<sum<11>>({.retries = 2}, base));    // refused
  static_cast<void>(tasks->submit<add<12>>(1));                            // refused
  master.map<sum<13>>(std::vector<Base>{}).run();                          // refused
  master.map<size_of<14>>(std::vector<int>{}).run();                       // refused
  master.map<add<15>>(std::vector<int>{}).run();                           // refused
  master.map<add_to<16>>(std::vector<std::pair<Base, int>>{}).run();       // refused
}
