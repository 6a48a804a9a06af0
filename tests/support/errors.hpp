// The TaskError that a call throws, for tests that look into it.
#pragma once

#include <catch2/catch.hpp>

#include <mw/mw.hpp>

namespace test {

template <class Call>
mw::TaskError task_error(const Call& call) {
  try {
    call();
  } catch (const mw::TaskError& e) {
    return e;
  }
  FAIL("no TaskError was thrown");
  throw;
}

template <class R>
mw::TaskError error_of(mw::Master& master, const mw::Task<R>& task) {
  return task_error([&] { master.get_result(task); });
}

}  // namespace test
