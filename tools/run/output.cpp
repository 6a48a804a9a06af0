#include "run/output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "process/unique_fd.hpp"

namespace mw::run {
namespace {

void write_all(int to, std::string_view text, const std::string& name) {
  while (!text.empty()) {
    const ssize_t put = ::write(to, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EPIPE && to == STDOUT_FILENO) throw ReaderGone{};
    if (put < 0 && to == STDERR_FILENO) return;  // it is for somebody who may not be there
    if (put < 0) throw InterfaceError{fmt::format("{} cannot be written: {}", name, std::strerror(errno))};
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

/// Puts a text in front of each line of what comes in pieces.
class Tagger {
 public:
  explicit Tagger(std::string tag) : tag_{std::move(tag)} {}
  std::string of(std::string_view piece) {
    if (tag_.empty()) return std::string{piece};
    std::string tagged;
    while (!piece.empty()) {
      if (std::exchange(is_at_begin_, false)) tagged += tag_;
      const auto end = piece.find('\n');
      const auto size = end == piece.npos ? piece.size() : end + 1;
      tagged += piece.substr(0, size);
      is_at_begin_ = end != piece.npos;
      piece.remove_prefix(size);
    }
    return tagged;
  }

 private:
  const std::string tag_;
  bool is_at_begin_ = true;
};

std::string tag_of(const Row& row) { return fmt::format("{}\t", fmt::join(row, " ")); }

process::UniqueFd made(const std::string& path) {
  process::UniqueFd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)};
  if (file.get() < 0) throw InterfaceError{fmt::format("{} cannot be written: {}", path, std::strerror(errno))};
  return file;
}

template <class Take>
void read_file(const std::string& path, const Take& take) {
  const process::UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  std::vector<char> buffer(std::size_t{1} << 20);
  while (true) {
    const ssize_t got = file.get() < 0 ? -1 : ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw InterfaceError{fmt::format("{} cannot be read: {}", path, std::strerror(errno))};
    if (got == 0) return;
    take(std::string_view{buffer.data(), static_cast<std::size_t>(got)});
  }
}

void copy_to(const std::string& path, const std::string& text, const std::string& file) {
  const process::UniqueFd to = made(path);
  write_all(to.get(), text, path);
  if (!file.empty()) read_file(file, [&](std::string_view piece) { write_all(to.get(), piece, path); });
}

void remove_files_of(const Ran& ran) {
  for (const std::string& file : {ran.out_file, ran.err_file})
    if (!file.empty()) ::unlink(file.c_str());
}

}  // namespace

void Printer::print_stream(int to, const std::string& text, const std::string& file, const Row& row) const {
  Tagger tagger{options_.tag ? tag_of(row) : std::string{}};
  const std::string name = to == STDOUT_FILENO ? "stdout" : "stderr";
  if (options_.tag)
    write_all(to, tagger.of(text), name);
  else
    write_all(to, text, name);
  if (!file.empty()) read_file(file, [&](std::string_view piece) { write_all(to, tagger.of(piece), name); });
}

void Printer::print_lines(bool to_stderr, const std::string& text, const Row& row) const {
  print_stream(to_stderr ? STDERR_FILENO : STDOUT_FILENO, text, {}, row);
}

void Printer::print(std::uint64_t number, const Row& row, const Ran& ran) const {
  if (!options_.results.empty()) {
    const std::string folder = fmt::format("{}/{}", options_.results, number);
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    copy_to(folder + "/stdout", ran.out, ran.out_file);
    copy_to(folder + "/stderr", ran.err, ran.err_file);
  } else {
    print_stream(STDOUT_FILENO, ran.out, ran.out_file, row);
    print_stream(STDERR_FILENO, ran.err, ran.err_file, row);
  }
  remove_files_of(ran);
}

void Printer::add(std::uint64_t number, const Row& row, Ran ran) {
  if (!options_.keep_order || number == next_) {
    print(number, row, ran);
    if (!options_.keep_order) return;
    ++next_;
    return print_those_due();
  }
  Waiting waiting{row, std::move(ran)};
  hold(waiting, number);
  waiting_.emplace(number, std::move(waiting));
}

void Printer::skip(std::uint64_t number) {
  if (!options_.keep_order) return;
  waiting_.emplace(number, Waiting{{}, {}, true});
  print_those_due();
}

void Printer::print_those_due() {
  for (auto one = waiting_.find(next_); one != waiting_.end(); one = waiting_.find(next_)) {
    if (!one->second.is_empty) {
      in_memory_ -= one->second.ran.out.size() + one->second.ran.err.size();
      print(next_, one->second.row, one->second.ran);
    }
    waiting_.erase(one);
    ++next_;
  }
}

/// What would be too much in memory goes to disk.
void Printer::hold(Waiting& one, std::uint64_t number) {
  const auto to_disk = [&](std::string& text, std::string& file, const char* ending) {
    if (text.empty() || in_memory_ + text.size() <= most_in_memory) {
      in_memory_ += text.size();
      return;
    }
    const std::string path = fmt::format("{}/held-{}.{}", options_.spool, number, ending);
    write_all(made(path).get(), text, path);
    file = path;
    text = {};
  };
  if (one.ran.out_file.empty()) to_disk(one.ran.out, one.ran.out_file, "out");
  if (one.ran.err_file.empty()) to_disk(one.ran.err, one.ran.err_file, "err");
}

}  // namespace mw::run
