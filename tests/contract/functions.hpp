// The tasks of the contract suite, and the interfaces it runs on.
#pragma once

#include <mw/mw.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace contract {

/// Every interface that works in this build.
std::vector<std::string> names();
/// … as tests ask for it.
std::vector<std::string> specs();
/// The number of workers in "multicore:2", and the same with another one; what follows it stays.
int workers_of(const std::string& spec);
std::string with_workers(const std::string& spec, int workers);
/// Several interfaces as one: the workers are those of all, and one of them that is asked for is of the first.
bool is_pool(const std::string& spec);
/// "multicore", or "multicore+multicore_2": what the interface calls itself; whether a worker's name goes with it.
std::string name_of(const std::string& spec);
bool is_worker_of(const std::string& interface, const std::string& name);
/// Those whose tasks run in processes of their own, so that a task may crash.
std::vector<std::string> specs_with_processes();

/// Those whose workers stay for many tasks, in the master's folder.
std::vector<std::string> specs_with_lasting_workers();
/// Those that leave it to the master which worker gets a task.
std::vector<std::string> specs_scheduled_by_master();
/// Whether a task takes a volunteer's round trip: some ten milliseconds.
bool is_volunteer(const std::string& spec);

/// A soft limit at which a program that traps the signal does so already, on a machine with much else to do, too.
inline constexpr std::chrono::milliseconds until_it_listens{1500};

std::int64_t add(std::int64_t a, std::int64_t b);
std::int64_t add_slowly(std::int64_t a, std::int64_t b, std::uint32_t ms);
void nothing();
std::string throw_runtime_error(const std::string& text);
int throw_int();
std::string print(const std::string& out, const std::string& err);
std::vector<double> twice(const std::vector<double>& values);
/// Reports 0.25, then waits until the file is there, then returns.
bool wait_for_file(const std::string& path);
int crash_by_signal(int signal);
int leave(int exit_status);
int allocate_everything();
std::vector<std::string> environment();
std::string command_line();
int process_id();
/// Crashes if the file is not there, and makes it first: crashes once.
int crash_once(const std::string& path);
/// The same for so many times, each of which it writes to that file.
int crash_times(const std::string& path, int times);

}  // namespace contract
