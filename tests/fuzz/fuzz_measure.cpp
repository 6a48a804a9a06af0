// Any bytes are measures or a CodecError; what decodes is written back as the same bytes, and can be added to others.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include <mw/error.hpp>

#include "measure/measures.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span{data, size});
  mw::measure::Measures measures;
  try {
    measures = mw::measure::decoded(bytes);
  } catch (const mw::CodecError&) {
    return 0;
  }
  const mw::Bytes again = mw::measure::encoded(measures);
  if (again.size() != size || (size != 0 && std::memcmp(again.data(), data, size) != 0)) std::abort();
  static mw::measure::Measures all;
  static_cast<void>(all.add(measures));
  for (const auto& one : all.sorted())
    if (one.values->quantile(0.5) < static_cast<double>(one.values->min())) std::abort();
  return 0;
}
