// Whether mpiexec was still there when a rank looked.
#include <catch2/catch.hpp>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "mpi/rank/ancestors.hpp"

using namespace mw::mpi;

namespace {

/// In a process of its own, which then waits for its children. Returns its exit status.
int in_child(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

enum class Ended { none, mpiexec, mpiexec_and_master };

/// Below somebody who gets orphans, a master starts mpiexec, which starts a proxy, which starts a rank. That one looks
/// when those of `ended` are gone. Returns what it sees: 1 for "came too late".
int seen_by_rank(Ended ended) {
  int go[2], answer[2];
  if (::pipe(go) != 0 || ::pipe(answer) != 0) return -1;
  const auto let_it_look = [&] {
    char late = 0;
    return ::write(go[1], "g", 1) == 1 && ::read(answer[0], &late, 1) == 1 ? late : 2;
  };
  const auto look = [&](pid_t master) {
    char word = 0;
    if (::read(go[0], &word, 1) != 1) return 1;
    const char late = Ancestors{master}.came_too_late ? 1 : 0;
    return ::write(answer[1], &late, 1) == 1 ? 0 : 1;
  };
  const auto be_mpiexec = [&](pid_t master) {
    const pid_t proxy = ::fork();
    if (proxy == 0) ::_exit(in_child([&] { return look(master); }));
    return ended == Ended::none ? ::waitpid(proxy, nullptr, 0) : 0;
  };
  const int seen = in_child([&] {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const int seen_beside_master = in_child([&] {
      const pid_t master = ::getpid();
      const pid_t mpiexec = ::fork();
      if (mpiexec == 0) ::_exit(be_mpiexec(master) > 0 ? 0 : 1);
      if (ended != Ended::none) ::waitpid(mpiexec, nullptr, 0);
      return ended == Ended::mpiexec_and_master ? 0 : let_it_look();
    });
    return ended == Ended::mpiexec_and_master ? let_it_look() : seen_beside_master;
  });
  for (const int fd : {go[0], go[1], answer[0], answer[1]}) ::close(fd);
  return seen;
}

}  // namespace

TEST_CASE("a rank sees that mpiexec had ended, whoever adopted what it left", "[mpi]") {
  CHECK(seen_by_rank(Ended::none) == 0);
  CHECK(seen_by_rank(Ended::mpiexec) == 1);
  CHECK(seen_by_rank(Ended::mpiexec_and_master) == 1);
}
