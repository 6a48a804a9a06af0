// What a call writes to stderr, for tests that read it.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <string>

namespace test {

/// Everything that this process writes to descriptor 2 while `call` runs.
template <class Call>
std::string stderr_of(const Call& call) {
  std::FILE* const file = std::tmpfile();
  std::fflush(stderr);
  const int before = ::dup(STDERR_FILENO);
  ::dup2(::fileno(file), STDERR_FILENO);
  call();
  std::fflush(stderr);
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  std::string text;
  std::rewind(file);
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
  std::fclose(file);
  return text;
}

}  // namespace test
