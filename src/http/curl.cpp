#include "http/curl.hpp"

#include "process/shared_library.hpp"

namespace mw::http {
namespace {

Curl load() {
  // The interface of libcurl 7 and 8: what was compiled against it runs with any later one.
  const process::SharedLibrary library{"libcurl.so.4", "HTTP needs libcurl", "apt-get install libcurl4"};
  Curl curl{};
  library.find(curl.global_init, "curl_global_init");
  library.find(curl.easy_init, "curl_easy_init");
  library.find(curl.easy_cleanup, "curl_easy_cleanup");
  library.find(curl.easy_reset, "curl_easy_reset");
  library.find(curl.easy_setopt, "curl_easy_setopt");
  library.find(curl.easy_perform, "curl_easy_perform");
  library.find(curl.easy_getinfo, "curl_easy_getinfo");
  library.find(curl.easy_strerror, "curl_easy_strerror");
  library.find(curl.free, "curl_free");
  library.find(curl.mime_init, "curl_mime_init");
  library.find(curl.mime_free, "curl_mime_free");
  library.find(curl.mime_addpart, "curl_mime_addpart");
  library.find(curl.mime_name, "curl_mime_name");
  library.find(curl.mime_data, "curl_mime_data");
  library.find(curl.mime_filedata, "curl_mime_filedata");
  library.find(curl.mime_type, "curl_mime_type");
  library.find(curl.slist_append, "curl_slist_append");
  library.find(curl.slist_free_all, "curl_slist_free_all");
  library.find(curl.url, "curl_url");
  library.find(curl.url_cleanup, "curl_url_cleanup");
  library.find(curl.url_get, "curl_url_get");
  library.find(curl.url_set, "curl_url_set");
  return curl;
}

}  // namespace

const Curl& curl() {
  static const Curl loaded = load();
  return loaded;
}

}  // namespace mw::http
