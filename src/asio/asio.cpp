// Boost.Asio, compiled once: its functions, which would else be compiled with every file that uses it.
#include <boost/asio/impl/src.hpp>
