// A worker program of its own, as PyMW's examples have them: the sum of its input, or its input and that reversed.
#include <mw/program.hpp>

#include <numeric>
#include <string>
#include <vector>

int main(int argc, char**) {
  if (argc > 1) {
    const std::string input = mw::task_input();
    mw::return_output(input + "|");
    mw::return_output(std::string{input.rbegin(), input.rend()});
    return 0;
  }
  const auto values = mw::task_input<std::vector<double>>();
  mw::return_output(std::accumulate(values.begin(), values.end(), 0.0));
  return 0;
}
