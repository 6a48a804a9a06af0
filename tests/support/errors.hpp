// The errors that a call throws, for tests that look into them.
#pragma once

#include <catch2/catch.hpp>

#include <string>

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

/// The text of such an error that a call throws; empty if it throws none.
template <class Error, class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const Error& e) {
    return e.what();
  }
  return {};
}

template <class Call>
std::string usage_error(const Call& call) {
  return message_of<mw::UsageError>(call);
}

}  // namespace test
