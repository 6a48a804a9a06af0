// An application whose tasks print a lot, count that, and may fail.
#include <mw/app.hpp>
#include <mw/mw.hpp>

#include <cstdio>
#include <iostream>
#include <stdexcept>

int talk(int x) {
  std::cout << "working on " << x << std::endl;
  std::printf("still working on %d\n", x);
  mw::count("talks");
  return x;
}

int fail() { throw std::domain_error{"no roots here"}; }

int main(int argc, char** argv) {
  mw::init(argc, argv);
  bool failing = false;
  mw::App app{"talkative_app", "Prints from its tasks."};
  app.flag("--fail", failing, "fail");
  return app.run(argc, argv, [&](mw::Master& master, mw::Report& report) {
    if (failing) master.get_result(master.submit_task<fail>());
    std::int64_t sum = 0;
    for (int i = 0; i < 5; ++i) sum += master.get_result(master.submit_task<talk>(i));
    report.result("sum", sum);
  });
}
