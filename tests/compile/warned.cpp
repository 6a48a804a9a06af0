// What a compiler warns of in a call it warns of in a task: on each line of main() that is marked, and on no other one.
#include <mw/mw.hpp>
#include <mw/task_system.hpp>

#include <cstdint>
#include <tuple>
#include <vector>

int twice(int x);
int add(int a, int b);
std::int16_t low(std::int16_t x);

int main() {
  mw::Master master;
  mw::SystemTasks<int>* tasks = nullptr;
  const mw::TaskOptions options;
  static_cast<void>(master.submit_task<twice>(5));
  static_cast<void>(master.submit_task<add>(options, std::int16_t{1}, 2));
  static_cast<void>(tasks->submit<twice>(5));
  static_cast<void>(twice(5'000'000'000));                               // warned
  static_cast<void>(master.submit_task<twice>(5'000'000'000));           // warned
  static_cast<void>(master.submit_task<add>(1, 5'000'000'000));          // warned
  static_cast<void>(master.submit_task<twice>(options, 5'000'000'000));  // warned
  static_cast<void>(master.submit_task<twice>({}, 5'000'000'000));       // warned
  static_cast<void>(tasks->submit<twice>(5'000'000'000));                // warned
  static_cast<void>(tasks->submit_with<twice>({}, 5'000'000'000));       // warned
  static_cast<void>(master.submit_task<twice>(2.5));                     // warned
  long many = 5'000'000'000;
  static_cast<void>(master.submit_task<twice>(many));             // warned
  master.map<twice>(std::vector<long>{many}).run();               // warned
  master.map<add>(std::vector<std::tuple<int, double>>{}).run();  // warned
  master.map<low>(std::vector<int>{}).run();                      // warned
  // A task that nobody can ask for.
  master.submit_task<twice>(5);             // warned
  master.submit_task<twice>(options, 5);    // warned
  master.submit_task(mw::Program{"true"});  // warned
}
