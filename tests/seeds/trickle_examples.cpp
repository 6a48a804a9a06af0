// What Trickle's examples show, one after the other.
#include <cstdio>
#include <map>
#include <sstream>

#include <unistd.h>

#include <mw/mw.hpp>

using Words = std::map<std::string, int>;
int add(int a, int b) { return a + b; }
int where() { return ::getpid(); }
double scaled(const std::vector<double>& table, std::size_t place, double by) { return table[place] * by; }
Words count_words(const std::string& text) {
  Words words;
  std::istringstream stream{text};
  for (std::string word; stream >> word;) ++words[word];
  return words;
}
/// An object that lives where it was made.
int counter = 0;
int count_on(int by) { return counter += by; }

int main(int argc, char** argv) {
  mw::init(argc, argv);
  mw::Master master{mw::interface(argv[1])};
  const auto vms = master.workers();
  // A function there: at once, or for later.
  std::printf("%d\n", master.get_result(master.submit_task<add>({.worker = vms[0].name}, 1, 2)));
  const auto later = master.submit_task<add>(3, 4);
  std::printf("%d\n", master.get_result(later));
  // Data that is there once and for all.
  const auto table = master.share(std::vector{1.5, 2.5});
  std::printf("%g\n", master.get_result(master.submit_task<scaled>(table, std::size_t{1}, 2.0)));
  // The same on all, and gathered.
  const auto places = mw::join(master, mw::fork<where>(master, vms));
  std::printf("%d\n", std::adjacent_find(places.begin(), places.end()) == places.end());
  // An object, and calls of it.
  for (int i = 1; i <= 3; ++i) std::printf("%d ", master.get_result(master.submit_task<count_on>({.worker = vms[0].name}, i)));
  // Lists of workers, functions and arguments, gathered as they come.
  std::vector<std::string> texts{"a rose is a rose", "is a rose", "so it is"};
  auto counts = mw::fork<count_words>(master, vms, mw::each(texts));
  Words all;
  while (!counts.empty())
    for (const auto& [word, count] : mw::join_any(master, counts).value) all[word] += count;
  std::printf("\n%d roses, %d words\n", all["rose"], int(all.size()));
}
