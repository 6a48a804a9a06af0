#include "png_image.hpp"

#include <png.h>

#include <mw/error.hpp>

namespace apps {

void write_png(const Image& image, const std::string& path) {
  png_image png = {};
  png.version = PNG_IMAGE_VERSION;
  png.width = image.width;
  png.height = image.height;
  png.format = PNG_FORMAT_RGB;
  if (!png_image_write_to_file(&png, path.c_str(), 0, image.rgb.data(), 0, nullptr))
    throw mw::Error{"the picture " + path + " can not be written: " + png.message};
}

}  // namespace apps
