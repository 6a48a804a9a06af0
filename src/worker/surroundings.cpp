#include "worker/surroundings.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>

#include <fmt/format.h>

#ifdef __x86_64__
#include <xmmintrin.h>
#endif

#include "worker/watched_calls.hpp"

extern char** environ;

namespace mw::worker {
namespace {

/// The calling thread computes again as it did when `first` was taken, with no flag raised. Any sum that was rounded
/// raises one.
void compute_as(const std::fenv_t& first) noexcept {
#ifdef __x86_64__
  // fegetenv() costs ten times as much, and fesetenv() more.
  std::uint16_t control = 0;
  std::uint16_t status = 0;
  __asm__ volatile("fnstcw %0" : "=m"(control));
  __asm__ volatile("fnstsw %0" : "=m"(status));
  if (control != first.__control_word || (status & FE_ALL_EXCEPT) != 0)
    std::fesetenv(&first);
  else if (_mm_getcsr() != first.__mxcsr)
    _mm_setcsr(first.__mxcsr);
#else
  std::fenv_t now;
  std::fegetenv(&now);
  if (std::memcmp(&now, &first, sizeof now) != 0) std::fesetenv(&first);
#endif
}

mode_t current_umask() noexcept {
  const mode_t mask = ::umask(077);
  ::umask(mask);
  return mask;
}

void stop_timers() noexcept {
  const itimerval none = {};
  for (const auto timer : {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF}) ::setitimer(timer, &none, nullptr);
}

bool is_same(const struct sigaction& a, const struct sigaction& b) noexcept {
  constexpr std::size_t mask_size = NSIG / 8;
  constexpr int of_the_library = 0x04000000;  // SA_RESTORER, which it adds by itself
  return a.sa_handler == b.sa_handler && (a.sa_flags | of_the_library) == (b.sa_flags | of_the_library) &&
         std::memcmp(&a.sa_mask, &b.sa_mask, mask_size) == 0;
}

}  // namespace

/// Where a C++ stream writes, and how.
struct Surroundings::Stream {
  explicit Stream(std::ostream& of)
      : stream{&of},
        buffer{of.rdbuf()},
        flags{of.flags()},
        exceptions{of.exceptions()},
        precision{of.precision()},
        width{of.width()},
        fill{of.fill()} {}

  bool is_as_before() const noexcept {
    return stream->rdbuf() == buffer && stream->flags() == flags && stream->precision() == precision && stream->width() == width &&
           stream->exceptions() == exceptions && stream->fill() == fill;
  }
  void put_back() const {
    if (stream->rdbuf() != buffer) stream->rdbuf(buffer);
    const auto state = stream->rdstate();
    stream->clear();
    stream->exceptions(exceptions);
    if (exceptions == std::ios::goodbit) stream->setstate(state);  // the stream failed: whoever collects its output wants to know
    stream->flags(flags);
    stream->precision(precision);
    stream->width(width);
    stream->fill(fill);
  }

  std::ostream* stream;
  std::streambuf* buffer;
  std::ios::fmtflags flags;
  std::ios::iostate exceptions;
  std::streamsize precision;
  std::streamsize width;
  char fill;
};

Surroundings::Surroundings(Scope scope, bool owns_directory) : scope_{scope}, owns_directory_{owns_directory} {
  if (owns_directory_) {
    directory_ = process::UniqueFd{::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    umask_ = current_umask();
  }
  std::feclearexcept(FE_ALL_EXCEPT);
  std::fegetenv(&floating_point_);
  ::pthread_sigmask(SIG_SETMASK, nullptr, &signal_mask_);
  thread_locale_ = ::uselocale(nullptr);
  if (scope_ == Scope::thread) return;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, nullptr, &handlers_[static_cast<std::size_t>(signal)]);
  for (char** variable = environ; variable && *variable; ++variable) environment_.push_back(*variable);
  environment_.push_back(nullptr);
  first_variables_ = environ;
  c_locale_ = std::setlocale(LC_ALL, nullptr);
  is_synced_ = std::ios::sync_with_stdio(true);
  for (std::ostream* stream : {&std::cout, &std::cerr, &std::clog}) streams_.emplace_back(*stream);
  take_changes();
}

/// The environment outlives it: libraries read variables until the process has ended.
Surroundings::~Surroundings() {
  if (variables_.empty() || environ != variables_.data()) return;
  auto kept = std::make_unique<char*[]>(variables_.size());
  std::copy(variables_.begin(), variables_.end(), kept.get());
  environ = kept.release();
}

std::optional<std::string> Surroundings::put_back(std::chrono::nanoseconds run_time) {
  compute_as(floating_point_);
  if (::uselocale(nullptr) != thread_locale_) ::uselocale(thread_locale_);
  if (scope_ == Scope::process) {
    put_back_environment();
    put_back_locales();
    put_back_streams();
  }
  unlooked_at_ += run_time;
  if (changes() == 0 && unlooked_at_ < looked_at_after) return std::nullopt;
  return put_back_in_kernel();
}

/// What the kernel keeps.
std::optional<std::string> Surroundings::put_back_in_kernel() {
  unlooked_at_ = {};
  const std::uint32_t changed = take_changes();
  ::pthread_sigmask(SIG_SETMASK, &signal_mask_, nullptr);
  if (scope_ == Scope::process) {
    put_back_handlers();
    if ((changed & changed_timers) != 0) stop_timers();
  }
  auto failure = owns_directory_ ? put_back_directory() : std::nullopt;
  take_changes();  // those were ours
  return failure;
}

std::optional<std::string> Surroundings::put_back_directory() const {
  ::umask(umask_);
  if (::fchdir(directory_.get()) == 0) return std::nullopt;
  return fmt::format("the first working directory of this worker cannot be entered again: {}", std::strerror(errno));
}

/// Streams that were cut off from those of C got new buffers of the library's, for good.
void Surroundings::put_back_streams() {
  if (std::all_of(streams_.begin(), streams_.end(), [](const Stream& stream) { return stream.is_as_before(); })) return;
  if (is_synced_ && !std::ios::sync_with_stdio(true)) {  // which only asks
    is_synced_ = false;
    for (Stream& stream : streams_) stream.buffer = stream.stream->rdbuf();
  }
  for (const Stream& stream : streams_) stream.put_back();
}

void Surroundings::put_back_handlers() const {
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction now = {};
    const auto& first = handlers_[static_cast<std::size_t>(signal)];
    if (::sigaction(signal, nullptr, &now) == 0 && !is_same(now, first)) ::sigaction(signal, &first, nullptr);
  }
}

/// The C library writes into the table that `environ` names, so it gets a copy of the first one.
void Surroundings::put_back_environment() {
  if (environ == first_variables_ && std::memcmp(environ, environment_.data(), environment_.size() * sizeof(char*)) == 0) return;
  variables_ = environment_;
  environ = first_variables_ = variables_.data();
}

void Surroundings::put_back_locales() {
  if (std::locale{} != cpp_locale_) std::locale::global(cpp_locale_);
  if (std::strcmp(std::setlocale(LC_ALL, nullptr), c_locale_.c_str()) != 0) std::setlocale(LC_ALL, c_locale_.c_str());
}

}  // namespace mw::worker
