#include <mw/mpi.hpp>

#include "mpi/series.hpp"
#include "mpi/spec.hpp"

namespace mw {

MpiInterface::MpiInterface(MpiOptions options) : InterfaceHandle{std::make_unique<mpi::Series>(std::move(options))} {}
MpiInterface MpiInterface::from_text(std::string_view text) { return MpiInterface{mpi::options_of(text)}; }

}  // namespace mw
