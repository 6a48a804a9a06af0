#include "process/shared_library.hpp"

#include <dlfcn.h>

#include <fmt/format.h>

#include <mw/error.hpp>

namespace mw::process {

SharedLibrary::SharedLibrary(const char* name, const char* need, const char* remedy)
    : name_{name}, need_{need}, remedy_{remedy}, handle_{::dlopen(name, RTLD_NOW | RTLD_LOCAL)} {
  if (!handle_) fail();
}

void* SharedLibrary::address_of(const char* name) const {
  void* const found = ::dlsym(handle_, name);
  if (!found) fail();
  return found;
}

void SharedLibrary::fail() const {
  const char* const why = ::dlerror();
  throw InterfaceError{fmt::format("{}, which cannot be loaded: {} (Debian: {})", need_, why ? why : name_, remedy_)};
}

}  // namespace mw::process
