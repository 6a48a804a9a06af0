// The whole public API of CppMW, except for the frame of a command-line application (mw/app.hpp).
//
//     mw/init.hpp       the first line of main()
//     mw/master.hpp     Master: submit_task, get_result, get_status
//     mw/object.hpp     Object: what create() makes, an object that lives in a worker
//     mw/task.hpp       Task: a task's state, times, worker, output
//     mw/task_options.hpp, mw/master_options.hpp   options of a task and of a master
//     mw/needs.hpp      what a task needs of its worker: cores, memory, GPUs, labels
//     mw/share.hpp      Shared: data that many tasks take, given once
//     mw/map.hpp        map and map_reduce: one function over many inputs
//     mw/fork.hpp       one task for each of some workers: fork, join, join_any
//     mw/as_completed.hpp   tasks in the order in which they are done
//     mw/async.hpp      coroutines and futures: waiting without a thread of one's own
//     mw/task_system.hpp    a computation that makes its own tasks
//     mw/file_range.hpp     files cut into ranges of lines
//     mw/program.hpp    any executable as a task
//     mw/progress.hpp   how far a running task is
//     mw/emit.hpp       results while a task runs
//     mw/measure.hpp    counting and timing inside tasks
//     mw/checkpoint.hpp how a long task continues where it was
//     mw/error.hpp      what can go wrong
//     mw/status.hpp     what a master knows of itself
//     mw/interface.hpp  what a backend implements, and what it may call
//     mw/serial.hpp, mw/multicore.hpp, mw/tcp.hpp, mw/mpi.hpp, mw/boinc.hpp, mw/boinc_project.hpp   backends by type
//     mw/pool.hpp       several of them as one
//     mw/codec.hpp      values to bytes and back
#pragma once

#include <mw/as_completed.hpp>
#include <mw/async.hpp>
#include <mw/boinc.hpp>
#include <mw/boinc_project.hpp>
#include <mw/checkpoint.hpp>
#include <mw/codec.hpp>
#include <mw/emit.hpp>
#include <mw/error.hpp>
#include <mw/file_range.hpp>
#include <mw/fork.hpp>
#include <mw/init.hpp>
#include <mw/interface.hpp>
#include <mw/map.hpp>
#include <mw/master.hpp>
#include <mw/master_options.hpp>
#include <mw/measure.hpp>
#include <mw/mpi.hpp>
#include <mw/multicore.hpp>
#include <mw/needs.hpp>
#include <mw/object.hpp>
#include <mw/pool.hpp>
#include <mw/program.hpp>
#include <mw/progress.hpp>
#include <mw/remote.hpp>
#include <mw/serial.hpp>
#include <mw/share.hpp>
#include <mw/status.hpp>
#include <mw/task.hpp>
#include <mw/task_options.hpp>
#include <mw/task_system.hpp>
#include <mw/tcp.hpp>
