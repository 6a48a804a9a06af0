#include "boinc/http/transfer.hpp"

#include <curl/curl.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

namespace mw::boinc {
namespace {

constexpr long connect_limit_s = 30;
constexpr long slowest_bytes_a_second = 10;
constexpr long slow_for_s = 120;

struct FileClose {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileClose>;

File open_file(const std::string& path, const char* mode) {
  File file{std::fopen(path.c_str(), mode)};
  if (!file) throw TransferError{fmt::format("{} can not be opened: {}", path, std::strerror(errno)), true};
  return file;
}

/// An answer as far as it has come, and how long it may become.
struct Answer {
  std::size_t most;
  std::string text = {};
};

std::size_t write_text(char* data, std::size_t, std::size_t size, void* to) {
  auto& answer = *static_cast<Answer*>(to);
  if (size > answer.most - answer.text.size()) return 0;
  answer.text.append(data, size);
  return size;
}

std::size_t write_file(char* data, std::size_t, std::size_t size, void* to) {
  return std::fwrite(data, 1, size, static_cast<std::FILE*>(to));
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

struct Transfer::Inside {
  explicit Inside(std::function<bool()> call) : alive{std::move(call)} {
    static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
    curl = global == CURLE_OK ? curl_easy_init() : nullptr;
    if (!curl) throw InterfaceError{"libcurl does not start"};
  }
  ~Inside() { curl_easy_cleanup(curl); }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  void begin(const std::string& url) {
    curl_easy_reset(curl);  // keeps the connection
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_USERAGENT, "CppMW");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_FOLLOWLOCATION, 1L);
    set(CURLOPT_MAXREDIRS, 5L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    set(CURLOPT_NOPROXY, direct_hosts().c_str());
    set(CURLOPT_CONNECTTIMEOUT, connect_limit_s);
    set(CURLOPT_LOW_SPEED_LIMIT, slowest_bytes_a_second);
    set(CURLOPT_LOW_SPEED_TIME, slow_for_s);
    set(CURLOPT_TCP_NODELAY, 1L);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, tick);
    set(CURLOPT_XFERINFODATA, &alive);
    set(CURLOPT_ERRORBUFFER, error);
    error[0] = 0;
  }

  template <class Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(curl, option, value);
  }

  /// Returns the HTTP status.
  long perform(const std::string& url) {
    const CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) fail(url, code);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
  }

  /// libcurl says that it could not connect, but not why.
  [[noreturn]] void fail(const std::string& url, CURLcode code) {
    long system = 0;
    curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &system);
    const std::string why =
        code == CURLE_COULDNT_CONNECT && system != 0 ? fmt::format(" ({})", std::strerror(static_cast<int>(system))) : "";
    throw TransferError{fmt::format("{}: {}{}", told(url), error[0] ? error : curl_easy_strerror(code), why), false};
  }

  void check(const std::string& url, long status, long least = 200, long most = 299) {
    if (status >= least && status <= most) return;
    constexpr long client_errors = 400, server_errors = 500, too_many = 429, too_slow = 408;
    const bool is_permanent = status >= client_errors && status < server_errors && status != too_many && status != too_slow;
    throw TransferError{fmt::format("{}: HTTP status {}", told(url), status), is_permanent};
  }

  std::function<bool()> alive;
  CURL* curl = nullptr;
  char error[CURL_ERROR_SIZE] = {};
};

Transfer::Transfer(std::function<bool()> alive) : inside_{std::make_unique<Inside>(std::move(alive))} {}
Transfer::~Transfer() = default;
Transfer::Transfer(Transfer&&) noexcept = default;
Transfer& Transfer::operator=(Transfer&&) noexcept = default;

std::string Transfer::get(const std::string& url, std::size_t most) {
  Answer answer{most};
  inside_->begin(url);
  inside_->set(CURLOPT_WRITEFUNCTION, write_text);
  inside_->set(CURLOPT_WRITEDATA, &answer);
  inside_->check(url, inside_->perform(url));
  return std::move(answer.text);
}

std::string Transfer::post(const std::string& url, std::string_view body) {
  Answer answer{longest_answer};
  inside_->begin(url);
  inside_->set(CURLOPT_WRITEFUNCTION, write_text);
  inside_->set(CURLOPT_WRITEDATA, &answer);
  inside_->set(CURLOPT_POSTFIELDS, body.data());
  inside_->set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  inside_->check(url, inside_->perform(url));
  return std::move(answer.text);
}

std::string Transfer::post_form(const std::string& url, const std::vector<FormField>& fields) {
  Answer answer{longest_answer};
  inside_->begin(url);
  const std::unique_ptr<curl_mime, decltype(&curl_mime_free)> form{curl_mime_init(inside_->curl), curl_mime_free};
  for (const FormField& field : fields) {
    curl_mimepart* part = curl_mime_addpart(form.get());
    curl_mime_name(part, field.name.c_str());
    if (field.path.empty()) {
      curl_mime_data(part, field.text.data(), field.text.size());
    } else {
      if (curl_mime_filedata(part, field.path.c_str()) != CURLE_OK)
        throw TransferError{fmt::format("{} can not be read", field.path), true};
      curl_mime_type(part, "application/octet-stream");
    }
  }
  inside_->set(CURLOPT_MIMEPOST, form.get());
  inside_->set(CURLOPT_WRITEFUNCTION, write_text);
  inside_->set(CURLOPT_WRITEDATA, &answer);
  inside_->check(url, inside_->perform(url));
  return std::move(answer.text);
}

void Transfer::fetch(const std::string& url, const std::string& path, std::int64_t size) {
  std::error_code ignored;
  auto here = std::filesystem::exists(path) ? static_cast<std::int64_t>(std::filesystem::file_size(path, ignored)) : 0;
  if (here == size && size > 0) return;
  if (here > size) here = 0;
  const File file = open_file(path, here > 0 ? "ab" : "wb");
  inside_->begin(url);
  inside_->set(CURLOPT_WRITEFUNCTION, write_file);
  inside_->set(CURLOPT_WRITEDATA, file.get());
  inside_->set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(size));
  inside_->set(CURLOPT_FAILONERROR, 1L);  // the words of an error are not the file's
  if (here > 0) inside_->set(CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(here));
  const CURLcode code = curl_easy_perform(inside_->curl);
  long status = 0;
  curl_easy_getinfo(inside_->curl, CURLINFO_RESPONSE_CODE, &status);
  if (code == CURLE_HTTP_RETURNED_ERROR) inside_->check(url, status);
  if (code != CURLE_OK) inside_->fail(url, code);
}

std::string Transfer::upload(const std::string& url, std::string_view head, const std::string& path, std::int64_t offset,
                             std::int64_t size) {
  const File file = open_file(path, "rb");
  if (::fseeko(file.get(), offset, SEEK_SET) != 0)
    throw TransferError{fmt::format("{} can not be read from {} on", path, offset), true};
  Outgoing outgoing{head, file.get()};
  Answer answer{longest_answer};
  inside_->begin(url);
  inside_->set(CURLOPT_POST, 1L);
  inside_->set(CURLOPT_READFUNCTION, read_outgoing);
  inside_->set(CURLOPT_READDATA, &outgoing);
  inside_->set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(head.size()) + size - offset);
  inside_->set(CURLOPT_WRITEFUNCTION, write_text);
  inside_->set(CURLOPT_WRITEDATA, &answer);
  inside_->check(url, inside_->perform(url));
  return std::move(answer.text);
}

}  // namespace mw::boinc
