#include "boinc/policy/host_class.hpp"

#include <algorithm>
#include <cctype>

#include "codec/fnv1a.hpp"

namespace mw::boinc {
namespace {

std::string lower(std::string_view text) {
  std::string lowered{text};
  std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lowered;
}

std::string kind_of_os(std::string_view name) {
  const std::string os = lower(name);
  for (const char* kind : {"windows", "darwin", "android", "linux", "freebsd"})
    if (os.find(kind) != std::string::npos) return kind;
  return os;
}

std::string kind_of_vendor(std::string_view vendor, std::string_view model) {
  const std::string text = lower(vendor) + " " + lower(model);
  if (text.find("intel") != std::string::npos || text.find("amd") != std::string::npos) return "x86";
  if (text.find("arm") != std::string::npos) return "arm";
  return lower(vendor);
}

/// The client puts "[Family 25 Model 17 Stepping 1]" behind the model's name.
std::string family_of(std::string_view model) {
  const std::string text = lower(model);
  const auto begin = text.find("family ");
  if (begin == std::string::npos) return text;
  return text.substr(begin, text.find(' ', begin + 7) - begin);
}

/// Cut to what SQLite and XML numbers hold exactly.
std::int64_t number_of(const std::string& text) { return static_cast<std::int64_t>(fnv1a(text) >> 12 | 1); }

}  // namespace

std::int64_t host_class(Redundancy redundancy, std::string_view os, std::string_view vendor, std::string_view model) {
  if (redundancy == Redundancy::any) return 0;
  const std::string coarse = kind_of_os(os) + "/" + kind_of_vendor(vendor, model);
  if (redundancy == Redundancy::coarse) return number_of(coarse);
  return number_of(coarse + "/" + lower(vendor) + "/" + family_of(model));
}

}  // namespace mw::boinc
