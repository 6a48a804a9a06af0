#include "http/origin.hpp"

#include <algorithm>
#include <cctype>
#include <memory>

#include "http/curl.hpp"

namespace mw::http {

Origin::Origin(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed{curl().url(), curl().url_cleanup};
  if (!parsed || curl().url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_GUESS_SCHEME) != CURLUE_OK) return;
  const auto part = [&](CURLUPart which) {
    char* text = nullptr;
    std::string copy;
    if (curl().url_get(parsed.get(), which, &text, CURLU_DEFAULT_PORT) == CURLUE_OK && text) copy = text;
    curl().free(text);
    std::transform(copy.begin(), copy.end(), copy.begin(), [](unsigned char c) { return std::tolower(c); });
    return copy;
  };
  scheme = part(CURLUPART_SCHEME);
  host = part(CURLUPART_HOST);
  port = part(CURLUPART_PORT);
}

}  // namespace mw::http
