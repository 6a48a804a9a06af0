#include "http/transfer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "http/curl.hpp"
#include "http/origin.hpp"

namespace mw::http {
namespace {

constexpr long connect_limit_s = 30;
constexpr long slowest_bytes_a_second = 10;
constexpr long slow_for_s = 120;
constexpr long answer_limit_s = 600;           // for an answer in memory, and what is sent for it, whatever comes now and then
constexpr std::int64_t bytes_a_second = 1000;  // that a file has at least, on average; a download goes on where it was
constexpr std::size_t longest_headers = 256 * 1024;
constexpr int most_redirects = 5;
constexpr long see_other = 303;

struct FileClose {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileClose>;

File open_file(const std::string& path, const char* mode) {
  File file{std::fopen(path.c_str(), mode)};
  if (!file) throw TransferError{fmt::format("{} cannot be opened: {}", path, std::strerror(errno)), true};
  return file;
}

std::int64_t size_of(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

/// An answer as far as it has come, and how long it may become.
struct Answer {
  std::size_t most;
  std::string text = {};
  bool is_too_long = false;
};

std::size_t write_text(char* data, std::size_t, std::size_t size, void* to) {
  auto& answer = *static_cast<Answer*>(to);
  if (size > answer.most - answer.text.size()) {
    answer.is_too_long = true;
    return 0;
  }
  answer.text.append(data, size);
  return size;
}

/// A file as far as it has come, and how much of it is still to come. What stands in an answer that is no part of it
/// (the words of an error, of a redirection) is dropped, and bounded, too.
struct Incoming {
  CURL* handle;
  std::FILE* file;
  std::int64_t left;
  std::size_t dropped = 0;
  bool is_too_long = false;
};

std::size_t write_file(char* data, std::size_t, std::size_t size, void* to) {
  auto& incoming = *static_cast<Incoming*>(to);
  long status = 0;
  curl().easy_getinfo(incoming.handle, CURLINFO_RESPONSE_CODE, &status);
  if (status < 200 || status > 299) return (incoming.dropped += size) > longest_answer ? 0 : size;
  if (static_cast<std::int64_t>(size) > incoming.left) {
    incoming.is_too_long = true;
    return 0;
  }
  const std::size_t put = std::fwrite(data, 1, size, incoming.file);
  incoming.left -= static_cast<std::int64_t>(put);
  return put;
}

/// Headers are kept by nobody here, but libcurl would read them without an end.
std::size_t count_header(char*, std::size_t, std::size_t size, void* sum) {
  auto& bytes = *static_cast<std::size_t*>(sum);
  bytes += size;
  return bytes > longest_headers ? 0 : size;
}

/// From the plain form to the encrypted one of the same host.
bool is_upgrade(const Origin& from, const Origin& to) {
  return from.host == to.host && from.scheme == "http" && from.port == "80" && to.scheme == "https" && to.port == "443";
}

/// A head, then a file.
struct Outgoing {
  std::string_view head;
  std::FILE* file;
};

std::size_t read_outgoing(char* to, std::size_t, std::size_t room, void* from) {
  auto& outgoing = *static_cast<Outgoing*>(from);
  const std::size_t of_head = std::min(room, outgoing.head.size());
  std::memcpy(to, outgoing.head.data(), of_head);
  outgoing.head.remove_prefix(of_head);
  return of_head + (of_head < room ? std::fread(to + of_head, 1, room - of_head, outgoing.file) : 0);
}

/// What of a URL may be told: what follows the '?' may be a key.
std::string_view told(std::string_view url) { return url.substr(0, url.find('?')); }

/// Hosts that are reached without a proxy: this machine, whatever http_proxy says, and those in no_proxy.
const std::string& direct_hosts() {
  static const std::string hosts = [] {
    const std::string own = "localhost,127.0.0.1,127.0.0.0/8,::1";
    for (const char* name : {"no_proxy", "NO_PROXY"})
      if (const char* others = std::getenv(name); others && *others)
        return std::string_view{others} == "*" ? std::string{others} : own + "," + others;
    return own;
  }();
  return hosts;
}

int tick(void* data, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return (*static_cast<std::function<bool()>*>(data))() ? 0 : 1;
}

}  // namespace

struct Transfer::Impl {
  explicit Impl(std::function<bool()> call) : alive{std::move(call)} {
    static const CURLcode global = curl().global_init(CURL_GLOBAL_DEFAULT);
    handle = global == CURLE_OK ? curl().easy_init() : nullptr;
    if (!handle) throw InterfaceError{"libcurl does not start"};
  }
  ~Impl() {
    curl().easy_cleanup(handle);
    curl().slist_free_all(fields);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void begin(const std::string& url) {
    curl().easy_reset(handle);  // keeps the connection
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_USERAGENT, "CppMW");
    if (fields) set(CURLOPT_HTTPHEADER, fields);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_FOLLOWLOCATION, 0L);  // see follow()
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_NOPROXY, direct_hosts().c_str());
    set(CURLOPT_CONNECTTIMEOUT, connect_limit_s);
    set(CURLOPT_LOW_SPEED_LIMIT, slowest_bytes_a_second);
    set(CURLOPT_LOW_SPEED_TIME, slow_for_s);
    set(CURLOPT_TCP_NODELAY, 1L);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, tick);
    set(CURLOPT_XFERINFODATA, &alive);
    set(CURLOPT_HEADERFUNCTION, count_header);
    set(CURLOPT_HEADERDATA, &header_bytes);
    header_bytes = 0;
    set(CURLOPT_ERRORBUFFER, error);
    error[0] = 0;
  }

  /// A time limit for what takes `bytes`, besides the one for bytes that come too slowly.
  void limit_time(std::int64_t bytes) {
    set(CURLOPT_TIMEOUT, static_cast<long>(std::min<std::int64_t>(answer_limit_s + bytes / bytes_a_second, 10'000'000)));
  }

  template <class Value>
  void set(CURLoption option, Value value) {
    curl().easy_setopt(handle, option, value);
  }

  /// One request, and what it is redirected to: `prepare` sets the request up, for each anew. `may_leave`: nothing
  /// secret is in it, so that it may go to another server, too.
  template <class Prepare>
  void follow(std::string url, bool may_leave, const Prepare& prepare) {
    for (int redirects = 0;; ++redirects) {
      begin(url);
      prepare();
      const CURLcode code = last_code = curl().easy_perform(handle);
      long status = 0;
      curl().easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
      const bool has_answer = code == CURLE_OK || code == CURLE_HTTP_RETURNED_ERROR;
      if (!has_answer) fail(url, code);
      char* next = nullptr;
      curl().easy_getinfo(handle, CURLINFO_REDIRECT_URL, &next);
      if (!next || status < 300 || status > 399) return check(url, status);
      if (redirects == most_redirects) throw TransferError{fmt::format("{}: one redirection after the other", told(url)), false};
      check_redirection(url, next, status, may_leave && !fields);
      url = next;
    }
  }

  /// What is posted, and what is in a query, may be a key: it goes where it was meant to go, and nowhere else.
  static void check_redirection(const std::string& url, const std::string& next, long status, bool may_leave) {
    const Origin from{url}, to{next};
    const bool is_downgrade = from.scheme == "https" && to.scheme != "https";
    const bool is_web = to.is_known() && (to.scheme == "http" || to.scheme == "https");
    if (is_web && status != see_other && !is_downgrade && (may_leave || from == to || is_upgrade(from, to))) return;
    throw TransferError{
        fmt::format("{} answers with status {}, which points to {}: what was sent is for the first one only; if it has "
                    "moved, use its new address",
                    told(url), status, told(next)),
        false};
  }

  /// libcurl says that it could not connect, but not why.
  [[noreturn]] void fail(const std::string& url, CURLcode code) {
    long system = 0;
    curl().easy_getinfo(handle, CURLINFO_OS_ERRNO, &system);
    const std::string why =
        code == CURLE_COULDNT_CONNECT && system != 0 ? fmt::format(" ({})", std::strerror(static_cast<int>(system))) : "";
    throw TransferError{fmt::format("{}: {}{}", told(url), error[0] ? error : curl().easy_strerror(code), why), false};
  }

  void check(const std::string& url, long status, long least = 200, long most = 299) {
    if (status >= least && status <= most) return;
    constexpr long client_errors = 400, server_errors = 500, too_many = 429, too_slow = 408;
    const bool is_permanent = status >= client_errors && status < server_errors && status != too_many && status != too_slow;
    const std::string what = fmt::format("{}: HTTP status {}", told(url), status);
    if (status >= server_errors) throw ServerFault{what};
    throw TransferError{what, is_permanent};
  }

  /// The answer, in memory, to what `prepare` asks for, with `size` bytes going out.
  template <class Prepare>
  std::string ask(const std::string& url, std::size_t most, std::int64_t size, const Prepare& prepare) {
    Answer answer{most};
    try {
      follow(url, false, [&] {
        answer.text.clear();
        set(CURLOPT_WRITEFUNCTION, write_text);
        set(CURLOPT_WRITEDATA, &answer);
        limit_time(size);
        prepare();
      });
    } catch (const TransferError&) {
      if (answer.is_too_long) throw TransferError{fmt::format("{} answers with more than {} bytes", told(url), most), false};
      throw;
    }
    return std::move(answer.text);
  }

  std::function<bool()> alive;
  CURL* handle = nullptr;
  curl_slist* fields = nullptr;
  char error[CURL_ERROR_SIZE] = {};
  std::size_t header_bytes = 0;
  CURLcode last_code = CURLE_OK;
};

Transfer::Transfer(std::function<bool()> alive) : impl_{std::make_unique<Impl>(std::move(alive))} {}
Transfer::~Transfer() = default;
Transfer::Transfer(Transfer&&) noexcept = default;
Transfer& Transfer::operator=(Transfer&&) noexcept = default;

void Transfer::add_field(const std::string& line) {
  curl_slist* const longer = curl().slist_append(impl_->fields, line.c_str());
  if (!longer) throw std::bad_alloc{};
  impl_->fields = longer;
}

std::string Transfer::get(const std::string& url, std::size_t most) {
  return impl_->ask(url, most, 0, [] {});
}

std::string Transfer::post(const std::string& url, std::string_view body, std::size_t most) {
  return impl_->ask(url, most, static_cast<std::int64_t>(body.size()), [&] {
    impl_->set(CURLOPT_POSTFIELDS, body.data());
    impl_->set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  });
}

std::string Transfer::post_form(const std::string& url, const std::vector<FormField>& fields) {
  const std::unique_ptr<curl_mime, decltype(&curl_mime_free)> form{curl().mime_init(impl_->handle), curl().mime_free};
  std::int64_t size = 0;
  for (const FormField& field : fields) {
    curl_mimepart* part = curl().mime_addpart(form.get());
    curl().mime_name(part, field.name.c_str());
    if (field.path.empty()) {
      curl().mime_data(part, field.text.data(), field.text.size());
      size += static_cast<std::int64_t>(field.text.size());
    } else {
      if (curl().mime_filedata(part, field.path.c_str()) != CURLE_OK)
        throw TransferError{fmt::format("{} cannot be read", field.path), true};
      curl().mime_type(part, "application/octet-stream");
      size += size_of(field.path);
    }
  }
  return impl_->ask(url, longest_answer, size, [&] { impl_->set(CURLOPT_MIMEPOST, form.get()); });
}

void Transfer::fetch(const std::string& url, const std::string& path, std::int64_t size) {
  std::int64_t here = size_of(path);
  if (here > size) here = 0;
  const File file = open_file(path, here > 0 ? "ab" : "wb");
  if (here == size) return;
  Incoming incoming{impl_->handle, file.get(), size - here};
  try {
    impl_->follow(url, true, [&] {
      impl_->set(CURLOPT_WRITEFUNCTION, write_file);
      impl_->set(CURLOPT_WRITEDATA, &incoming);
      impl_->set(CURLOPT_FAILONERROR, 1L);  // the words of an error are not the file's
      impl_->limit_time(size - here);
      if (here > 0) impl_->set(CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(here));
    });
  } catch (const TransferError&) {
    // A server that does not go on where it was asked to: the next try is from the beginning.
    if (impl_->last_code == CURLE_RANGE_ERROR) open_file(path, "wb");
    if (incoming.is_too_long)
      throw TransferError{fmt::format("{} sends more than the {} bytes that were announced", told(url), size), true};
    throw;
  }
  if (std::fflush(file.get()) != 0) throw TransferError{fmt::format("{} cannot be written: {}", path, std::strerror(errno)), false};
}

std::string Transfer::upload(const std::string& url, std::string_view head, const std::string& path, std::int64_t offset,
                             std::int64_t size, std::size_t most) {
  const File file = open_file(path, "rb");
  Outgoing outgoing{head, file.get()};
  return impl_->ask(url, most, size - offset, [&] {
    if (::fseeko(file.get(), offset, SEEK_SET) != 0)
      throw TransferError{fmt::format("{} cannot be read from {} on", path, offset), true};
    outgoing.head = head;
    impl_->set(CURLOPT_POST, 1L);
    impl_->set(CURLOPT_READFUNCTION, read_outgoing);
    impl_->set(CURLOPT_READDATA, &outgoing);
    impl_->set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(head.size()) + size - offset);
  });
}

}  // namespace mw::http
