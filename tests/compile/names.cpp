// Tasks of many kinds, whose registered names compilers have to agree on.
#include <mw/mw.hpp>
#include <mw/task_system.hpp>

#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace {

int hidden(int x) { return x; }

}  // namespace

namespace named {

struct Point {
  int x = 0;
  int y = 0;
  static int across(Point p) { return p.x; }
};

int plain(int x) { return x; }
void nothing(int) {}
int add(int a, int b) noexcept { return a + b; }
std::string shout(const std::string& text) { return text; }
std::vector<std::string> words(std::vector<std::string> list, const std::map<std::string, double>&) { return list; }
Point moved(Point p) { return p; }
std::string joined(std::string a, const std::string& b) { return a + b; }
template <class T>
T half(T x) {
  return x;
}
template <int N>
int plus(int x) {
  return x + N;
}
template <class T>
std::vector<T> listed(std::vector<T> list, const std::map<int, T>&) {
  return list;
}
template <class T>
auto deduced(T x) {
  return x;
}
template <auto F>
int through(int x) {
  return F(x);
}
namespace {
double inside(double x, const std::string&) { return x; }
}  // namespace

}  // namespace named

using namespace named;

int main() {
  mw::Master master;
  const std::vector<int> numbers;
  const std::vector<std::string> texts;
  const std::vector<std::pair<int, int>> pairs;
  const std::vector<std::pair<std::vector<std::string>, std::map<std::string, double>>> lists;
  const std::vector<Point> points;

  // By submit_task, as a name itself.
  static_cast<void>(master.submit_task<hidden>(1));
  static_cast<void>(master.submit_task<inside>(1, ""));
  static_cast<void>(master.submit_task<plain>(1));
  static_cast<void>(master.submit_task<nothing>(1));
  static_cast<void>(master.submit_task<add>(1, 2));
  static_cast<void>(master.submit_task<shout>(""));
  static_cast<void>(master.submit_task<words>({}, {}));
  static_cast<void>(master.submit_task<moved>(Point{}));
  static_cast<void>(master.submit_task<Point::across>(Point{}));
  static_cast<void>(master.submit_task<half<std::string>>(""));
  static_cast<void>(master.submit_task<plus<3>>(1));
  static_cast<void>(master.submit_task<listed<std::string>>({}, {}));
  static_cast<void>(master.submit_task<deduced<int>>(1));
  static_cast<void>(master.submit_task<through<plain>>(1));

  // By map, inside a name of the library's.
  master.map<hidden>(numbers).run();
  master.map<inside>(std::vector<std::pair<double, std::string>>{}).run();
  master.map<plain>(numbers).run();
  master.map<nothing>(numbers).run();
  master.map<add>(pairs).run();
  master.map<shout>(texts).run();
  master.map<words>(lists).run();
  master.map<moved>(points).run();
  master.map<Point::across>(points).run();
  master.map<half<std::string>>(texts).run();
  master.map<plus<3>>(numbers).run();
  master.map<listed<std::string>>(std::vector<std::pair<std::vector<std::string>, std::map<int, std::string>>>{}).run();
  master.map<deduced<int>>(numbers).run();
  master.map<through<plain>>(numbers).run();

  // By map_reduce.
  static_cast<void>(master.map_reduce<plain, add>(numbers, 0));
  static_cast<void>(master.map_reduce<hidden, add>(numbers, 0));
  static_cast<void>(master.map_reduce<add, add>(pairs, 0));
  static_cast<void>(master.map_reduce<shout, joined>(texts, std::string{}));
  static_cast<void>(master.map_reduce<half<int>, add>(numbers, 0));
}
