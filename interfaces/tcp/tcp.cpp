#include <mw/tcp.hpp>

#include "tcp/spec.hpp"
#include "tcp/star.hpp"

namespace mw {

TcpInterface::TcpInterface(TcpOptions options) : InterfaceHandle{std::make_unique<tcp::Star>(std::move(options))} {}
TcpInterface TcpInterface::from_text(std::string_view text) { return TcpInterface{tcp::options_of(text)}; }

TcpInterface discover(const DiscoverOptions& options) { return TcpInterface{tcp::options_of(options)}; }

}  // namespace mw
