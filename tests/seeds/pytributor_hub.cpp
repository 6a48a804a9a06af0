// Pytributor's hub: work goes to whoever is there, the same arguments more than once, results as they come.
#include <cstdio>

#include <mw/mw.hpp>

int square(int x) { return x * x; }

int main(int argc, char** argv) {
  mw::init(argc, argv);
  mw::Master hub{mw::interface(argv[1])};
  std::vector<mw::Task<int>> jobs;
  for (int i = 0; i < 100; ++i) jobs.push_back(hub.submit_task<square>(i % 10));
  int sum = 0, done = 0;
  for (const auto& job : hub.as_completed(jobs)) sum += job.result(), ++done;
  std::printf("%d of %d done, sum %d\n", done, int(jobs.size()), sum);
}
