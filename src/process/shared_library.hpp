// A shared library that is loaded when it is first used, not when the program starts.
//
// What:    what a library costs is paid by those who use it: masters and workers start often, and most of them never
//          sign, nor speak HTTP.
// Owner:   the process; a library stays loaded.
// Threads: any.
// Use:
//     const SharedLibrary library{"libcurl.so.4", "HTTP needs libcurl", "apt-get install libcurl4"};
//     library.find(curl.easy_init, "curl_easy_init");       // throws InterfaceError, as the constructor does
#pragma once

namespace mw::process {

class SharedLibrary {
 public:
  /// Throws InterfaceError: "`need`, which cannot be loaded: … (Debian: `remedy`)".
  SharedLibrary(const char* name, const char* need, const char* remedy);
  template <class Function>
  void find(Function& function, const char* name) const {
    function = reinterpret_cast<Function>(address_of(name));
  }

 private:
  void* address_of(const char* name) const;
  [[noreturn]] void fail() const;

  const char* name_;
  const char* need_;
  const char* remedy_;
  void* handle_;
};

}  // namespace mw::process
