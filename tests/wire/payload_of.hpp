// A message as its reader gets it.
#pragma once

#include "wire/messages.hpp"

namespace test {

/// The payload of a message written as a frame.
template <class Message>
mw::Bytes payload_of(const Message& message) {
  mw::Bytes out;
  append(out, message);
  return mw::Bytes{out.span().subspan(mw::wire::header_size)};
}

}  // namespace test
