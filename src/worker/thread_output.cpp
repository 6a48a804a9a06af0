#include "worker/thread_output.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <streambuf>
#include <utility>

#include "process/unique_fd.hpp"
#include "worker/memory_file.hpp"

namespace mw::worker {
namespace {

enum class Descriptor { out, err };

/// What one thread's task prints. When the task forks, it is in files from then on, as its child prints, too.
struct Kept {
  void append(Descriptor stream, const char* text, std::size_t size) {
    if (const int file = file_of(stream); file >= 0) {
      static_cast<void>(::write(file, text, size) == static_cast<ssize_t>(size));
      return;
    }
    std::string& into = stream == Descriptor::out ? printed.out : printed.err;
    into.append(text, std::min(size, printed_limit - std::min(printed_limit, into.size())));
  }

  /// Before a fork.
  void share() noexcept {
    if (out.get() >= 0) return;
    try {
      process::UniqueFd new_out{make_memory_file("stdout")};
      process::UniqueFd new_err{make_memory_file("stderr")};
      out = std::move(new_out);
      err = std::move(new_err);
      append(Descriptor::out, printed.out.data(), printed.out.size());
      append(Descriptor::err, printed.err.data(), printed.err.size());
    } catch (const std::exception&) {
      // What the child prints is lost with it.
    }
  }

  PrintedOutput take() {
    if (out.get() < 0) return std::exchange(printed, {});
    PrintedOutput all{read_memory_file(out.get()), read_memory_file(err.get())};
    *this = {};
    return all;
  }

  int file_of(Descriptor stream) const noexcept { return stream == Descriptor::out ? out.get() : err.get(); }

  PrintedOutput printed;
  process::UniqueFd out;
  process::UniqueFd err;
};

thread_local Kept* kept = nullptr;  ///< null: this thread prints as always

/// Keeps `text` for this thread's task; false if this thread runs none.
bool keep(Descriptor stream, const char* text, std::size_t size) {
  if (!kept) return false;
  kept->append(stream, text, size);
  return true;
}

// What stands before the streams is never taken apart, since another thread may be about to print through it when the
// last ThreadOutput goes; it only lets everything through.

/// A stream buffer before another one.
class KeepingBuffer final : public std::streambuf {
 public:
  KeepingBuffer(std::ostream& stream, Descriptor which) : stream_{stream}, which_{which}, behind_{stream.rdbuf()} {}

  void put_before() {
    if (stream_.rdbuf() == this) return;
    behind_ = stream_.rdbuf();
    stream_.rdbuf(this);
  }
  void step_aside() {
    if (stream_.rdbuf() == this) stream_.rdbuf(behind_);
  }

 private:
  int_type overflow(int_type c) override {
    if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
    const char one = traits_type::to_char_type(c);
    return keep(which_, &one, 1) ? c : behind_.load()->sputc(one);
  }
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    return keep(which_, text, static_cast<std::size_t>(size)) ? size : behind_.load()->sputn(text, size);
  }
  int sync() override { return kept ? 0 : behind_.load()->pubsync(); }

  std::ostream& stream_;
  const Descriptor which_;
  std::atomic<std::streambuf*> behind_;
};

/// Other threads read the variable as an ordinary one, when they print; as a whole it is written all the same.
__attribute__((no_sanitize("thread"))) void set(FILE*& variable, FILE* value) noexcept {
  __atomic_store_n(&variable, value, __ATOMIC_RELEASE);
}

/// A C stream before another one. Without a buffer, so that what a thread prints arrives in that thread.
class KeepingFile {
 public:
  KeepingFile(FILE*& variable, Descriptor which) : variable_{variable}, behind_{variable}, which_{which} {
    cookie_io_functions_t functions = {};
    functions.write = [](void* self, const char* text, size_t size) -> ssize_t {
      auto& file = *static_cast<KeepingFile*>(self);
      if (keep(file.which_, text, size)) return static_cast<ssize_t>(size);
      return static_cast<ssize_t>(std::fwrite(text, 1, size, file.behind_));
    };
    mine_ = ::fopencookie(this, "w", functions);
    if (mine_) std::setvbuf(mine_, nullptr, _IONBF, 0);
  }

  void put_before() {
    if (!mine_ || variable_ == mine_) return;
    behind_ = variable_;
    set(variable_, mine_);
  }
  void step_aside() {
    if (mine_ && variable_ == mine_) set(variable_, behind_);
  }
  /// So that a child which ends by exit() does not write it a second time.
  void flush() { std::fflush(behind_); }

 private:
  FILE*& variable_;
  std::atomic<FILE*> behind_;
  const Descriptor which_;
  FILE* mine_ = nullptr;
};

void before_fork();

/// Those of this process.
class Redirection {
 public:
  Redirection() { ::pthread_atfork(before_fork, nullptr, nullptr); }
  void put_before() {
    for (KeepingBuffer* buffer : {&out_, &err_, &log_}) buffer->put_before();
    for (KeepingFile* file : {&c_out_, &c_err_}) file->put_before();
  }
  void step_aside() {
    for (KeepingBuffer* buffer : {&out_, &err_, &log_}) buffer->step_aside();
    for (KeepingFile* file : {&c_out_, &c_err_}) file->step_aside();
  }
  void flush() {
    for (KeepingFile* file : {&c_out_, &c_err_}) file->flush();
  }

 private:
  KeepingBuffer out_{std::cout, Descriptor::out};
  KeepingBuffer err_{std::cerr, Descriptor::err};
  KeepingBuffer log_{std::clog, Descriptor::err};
  KeepingFile c_out_{stdout, Descriptor::out};
  KeepingFile c_err_{stderr, Descriptor::err};
};

Redirection& redirection() {
  static Redirection* const one = new Redirection;
  return *one;
}

/// In the thread that forks.
void before_fork() {
  if (!kept) return;
  redirection().flush();
  kept->share();
}

std::mutex users_mutex;
int users = 0;  // under users_mutex

}  // namespace

struct ThreadOutput::Impl : Kept {};

ThreadOutput::ThreadOutput() : impl_{std::make_unique<Impl>()} {
  std::lock_guard lock{users_mutex};
  if (users++ == 0) redirection().put_before();
}

ThreadOutput::~ThreadOutput() {
  std::lock_guard lock{users_mutex};
  if (--users == 0) redirection().step_aside();
}

void ThreadOutput::begin() noexcept { kept = impl_.get(); }

PrintedOutput ThreadOutput::end() {
  kept = nullptr;
  return impl_->take();
}

}  // namespace mw::worker
