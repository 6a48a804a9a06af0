#include "png_image.hpp"

#include <png.h>

#include <mw/error.hpp>

#include "output_file.hpp"

namespace apps {

void write_png(const Image& image, const std::string& path) {
  png_image png = {};
  png.version = PNG_IMAGE_VERSION;
  png.width = image.width;
  png.height = image.height;
  png.format = PNG_FORMAT_RGB;
  // Not png_image_write_to_file(): it removes what is at the path when it fails, be it a device.
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
  std::string bytes(size, '\0');
  if (!png_image_write_to_memory(&png, bytes.data(), &size, 0, image.rgb.data(), 0, nullptr))
    throw mw::Error{"the picture " + path + " cannot be made: " + png.message};
  write_output(path, std::string_view{bytes}.substr(0, size));
}

}  // namespace apps
