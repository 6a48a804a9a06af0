// The main() of every test program: as in any application, a worker process never gets past mw::init.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include <cstdlib>
#include <iostream>

#include <mw/init.hpp>

namespace {

/// Where several cases run in one process (CPPMW_TEST_CASES_SAID), each is said before it begins: what ends the process
/// names the case no more. Not in the processes that a case forks or starts.
class SaidCases : public Catch::TestEventListenerBase {
 public:
  using TestEventListenerBase::TestEventListenerBase;

  void testCaseStarting(const Catch::TestCaseInfo& info) override {
    TestEventListenerBase::testCaseStarting(info);
    if (are_said_) std::cout << "case: " << info.name << " (" << info.lineInfo << ")" << std::endl;
  }

 private:
  const bool are_said_ = std::getenv("CPPMW_TEST_CASES_SAID") != nullptr;
};
CATCH_REGISTER_LISTENER(SaidCases)

}  // namespace

int main(int argc, char** argv) {
  mw::init(argc, argv);
  return Catch::Session().run(argc, argv);
}

// What ThreadSanitizer asks a program for. libstdc++ counts who holds an exception inside its library, where it is not
// seen that a thread which read the exception gave its share back before the last one destroyed it.
extern "C" const char* __tsan_default_suppressions() { return "race:std::__exception_ptr::exception_ptr::_M_release\n"; }
