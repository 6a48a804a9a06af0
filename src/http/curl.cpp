#include "http/curl.hpp"

#include <dlfcn.h>
#include <mw/error.hpp>

#include <string>

namespace mw::http {
namespace {

/// The interface of libcurl 7 and 8: what was compiled against it runs with any later one.
constexpr const char* library_name = "libcurl.so.4";

[[noreturn]] void fail() {
  const char* const why = ::dlerror();
  throw InterfaceError{"HTTP needs libcurl, which can not be loaded: " + std::string{why ? why : library_name} +
                       " (Debian: apt-get install libcurl4)"};
}

class Library {
 public:
  Library() : handle_{::dlopen(library_name, RTLD_NOW | RTLD_LOCAL)} {
    if (!handle_) fail();
  }
  template <class Function>
  void find(Function& function, const char* name) const {
    void* const found = ::dlsym(handle_, name);
    if (!found) fail();
    function = reinterpret_cast<Function>(found);
  }

 private:
  void* handle_;
};

Curl load() {
  const Library library;
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
