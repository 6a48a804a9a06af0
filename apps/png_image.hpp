// Writing a picture, with libpng: for masters only, since worker builds have no libraries.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace apps {

/// Three bytes a pixel, row by row from the top.
struct Image {
  std::uint32_t width = 0, height = 0;
  std::vector<std::uint8_t> rgb;
};

#ifdef MW_WORKER_BUILD
inline void write_png(const Image&, const std::string&) {}  // main() does not come that far in a worker
#else
/// Throws mw::Error.
void write_png(const Image& image, const std::string& path);
#endif

}  // namespace apps
