#include "wire/payload.hpp"

namespace mw::wire {

void Parser::refuse_torn(std::uint64_t missing) const {
  throw ProtocolError{fmt::format("a torn {}: {} bytes are missing", what_, missing)};
}
void Parser::refuse_text(std::uint64_t size, std::size_t limit) const {
  throw ProtocolError{fmt::format("a {} with a text of {} bytes; the limit is {}", what_, size, limit)};
}
void Parser::refuse_rest() const { throw ProtocolError{fmt::format("a {} with {} bytes too many", what_, rest_.size())}; }

}  // namespace mw::wire
