// Where a request goes to.
//
// What:    scheme, host and port of a URL, in lower case, as libcurl reads them: what a redirection may not change, and
//          what a key is for.
// Owner:   a value.
// Threads: any.
// Use:
//     if (Origin{url}.host == "example.org") …               // of "http://example.org:8080/files/"
#pragma once

#include <string>

namespace mw::http {

struct Origin {
  std::string scheme, host, port;  ///< empty of what is no URL

  explicit Origin(const std::string& url);
  bool is_known() const { return !scheme.empty() && !host.empty(); }
  friend bool operator==(const Origin&, const Origin&) = default;
};

}  // namespace mw::http
