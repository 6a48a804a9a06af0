// A timer of an event loop's.
//
// What:    boost::asio::steady_timer, for loops that are known to be io_contexts, as ours are. That is for executors
//          of any type, so that a detour is compiled for each place that waits: some 600 bytes there.
// Owner:   who waits; it goes before its loop.
// Threads: the loop's.
// Use:
//     Timer timer{io};
//     timer.expires_after(1s);
//     timer.async_wait([](boost::system::error_code error) { … });
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace mw::process {

using Timer = boost::asio::basic_waitable_timer<boost::asio::steady_timer::clock_type, boost::asio::steady_timer::traits_type,
                                                boost::asio::io_context::executor_type>;

}  // namespace mw::process
