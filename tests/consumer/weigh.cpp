// weigh INTERFACE: the sum of a hundred weights.
#include <mw/mw.hpp>

#include <iostream>
#include <numeric>
#include <vector>

#include "weights.hpp"

double weigh(int number) { return weight(number); }

int main(int argc, char** argv) {
  mw::init(argc, argv);
  mw::Master master{mw::interface(argc > 1 ? argv[1] : "multicore")};
  std::vector<int> numbers(100);
  std::iota(numbers.begin(), numbers.end(), 1);
  double sum = 0;
  for (const double one : master.map<weigh>(numbers)) sum += one;
  std::cout << sum << '\n';
  return 0;  // as it may have another name than main
}
