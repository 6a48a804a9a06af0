// A descriptor of this process that goes to a file for a while.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <string>

namespace test {

class Redirected {
 public:
  Redirected(int descriptor, const std::string& path) : descriptor_{descriptor}, before_{::dup(descriptor)} {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(file, descriptor);
    ::close(file);
  }
  ~Redirected() {
    ::dup2(before_, descriptor_);
    ::close(before_);
  }
  Redirected(const Redirected&) = delete;
  Redirected& operator=(const Redirected&) = delete;

 private:
  int descriptor_;
  int before_;
};

}  // namespace test
