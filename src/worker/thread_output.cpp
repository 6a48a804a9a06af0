#include "worker/thread_output.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <mutex>
#include <streambuf>

namespace mw::worker {
namespace {

thread_local PrintedOutput* kept = nullptr;  ///< null: this thread prints as always

enum class Stream { out, err };

/// Keeps `text` for this thread's task; false if this thread runs none.
bool keep(Stream stream, const char* text, std::size_t size) {
  if (!kept) return false;
  std::string& into = stream == Stream::out ? kept->out : kept->err;
  into.append(text, std::min(size, printed_limit - std::min(printed_limit, into.size())));
  return true;
}

/// A stream buffer before another one.
class KeepingBuffer final : public std::streambuf {
 public:
  KeepingBuffer(std::ostream& stream, Stream which) : stream_{stream}, which_{which}, behind_{stream.rdbuf(this)} {}
  ~KeepingBuffer() override {
    if (stream_.rdbuf() == this) stream_.rdbuf(behind_);
  }
  KeepingBuffer(const KeepingBuffer&) = delete;
  KeepingBuffer& operator=(const KeepingBuffer&) = delete;

 private:
  int_type overflow(int_type c) override {
    if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
    const char one = traits_type::to_char_type(c);
    return keep(which_, &one, 1) ? c : behind_->sputc(one);
  }
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    return keep(which_, text, static_cast<std::size_t>(size)) ? size : behind_->sputn(text, size);
  }
  int sync() override { return kept ? 0 : behind_->pubsync(); }

  std::ostream& stream_;
  const Stream which_;
  std::streambuf* const behind_;
};

/// A C stream before another one. Without a buffer, so that what a thread prints arrives in that thread.
class KeepingFile {
 public:
  KeepingFile(FILE*& variable, Stream which) : variable_{variable}, behind_{variable}, which_{which} {
    cookie_io_functions_t functions = {};
    functions.write = [](void* self, const char* text, size_t size) -> ssize_t {
      auto& file = *static_cast<KeepingFile*>(self);
      if (keep(file.which_, text, size)) return static_cast<ssize_t>(size);
      return static_cast<ssize_t>(std::fwrite(text, 1, size, file.behind_));
    };
    mine_ = ::fopencookie(this, "w", functions);
    if (!mine_) return;
    std::setvbuf(mine_, nullptr, _IONBF, 0);
    variable_ = mine_;
  }
  ~KeepingFile() {
    if (!mine_) return;
    if (variable_ == mine_) variable_ = behind_;
    std::fclose(mine_);
  }
  KeepingFile(const KeepingFile&) = delete;
  KeepingFile& operator=(const KeepingFile&) = delete;

 private:
  FILE*& variable_;
  FILE* const behind_;
  const Stream which_;
  FILE* mine_ = nullptr;
};

struct Redirection {
  KeepingBuffer out{std::cout, Stream::out};
  KeepingBuffer err{std::cerr, Stream::err};
  KeepingBuffer log{std::clog, Stream::err};
  KeepingFile c_out{stdout, Stream::out};
  KeepingFile c_err{stderr, Stream::err};
};

std::mutex mutex;
std::unique_ptr<Redirection> redirection;  // under mutex
int users = 0;                             // under mutex

}  // namespace

ThreadOutput::ThreadOutput() {
  std::lock_guard lock{mutex};
  if (users++ == 0) redirection = std::make_unique<Redirection>();
}

ThreadOutput::~ThreadOutput() {
  std::lock_guard lock{mutex};
  if (--users == 0) redirection.reset();
}

void ThreadOutput::begin() noexcept {
  printed_ = {};
  kept = &printed_;
}

PrintedOutput ThreadOutput::end() {
  kept = nullptr;
  return std::move(printed_);
}

}  // namespace mw::worker
