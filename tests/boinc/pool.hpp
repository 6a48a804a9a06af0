// A project with emulated volunteers, in one process.
#pragma once

#include <mw/mw.hpp>

#include <stdexcept>
#include <string>

#include "boinc/emulated_volunteer.hpp"
#include "support/processes.hpp"

namespace test {

/// Of the interface's own status; what is wrong with it, if something is.
template <class Value>
Value status_of(mw::Master& master, const char* key) {
  const auto status = master.get_status();
  if (!status.interface_error.empty()) throw std::runtime_error{status.interface_error};
  return std::get<Value>(status.interface.at(key));
}
inline std::string url_of(mw::Master& master) { return status_of<std::string>(master, "url"); }
inline std::int64_t status_of(mw::Master& master, const char* key) { return status_of<std::int64_t>(master, key); }

/// A request has so little of the server's time that, on a slow machine, there is work with the next one only.
inline mw::boinc::SchedulerReply work_for(EmulatedVolunteer& volunteer) {
  mw::boinc::SchedulerReply reply;
  if (!eventually([&] { return !(reply = volunteer.ask_for_work()).instances.empty(); })) throw std::runtime_error{"no work came"};
  return reply;
}

struct Pool {
  explicit Pool(const std::string& more = "") : master{mw::interface(folders.spec(more))} {}
  EmulatedVolunteer volunteer(const std::string& name) { return {url_of(master), folders.key(), name}; }
  bool waits_for(std::int64_t tasks) {
    return eventually([&] { return status_of(master, "tasks_waiting") == tasks; });
  }
  ProjectFolders folders;
  mw::Master master;
};

}  // namespace test
