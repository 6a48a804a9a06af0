// A disk that fails: what a process writes to a journal goes wrong, at the n-th call.
//
// Loaded with LD_PRELOAD. Counted are the calls that change a file whose path begins with DISK_FAULT_PATH, or wait for
// the disk. DISK_FAULT is one of
//
//     count                nothing fails; the number of calls goes to DISK_FAULT_PATH-count
//     kill:N               the process is killed before the n-th call
//     tear:N               … in the middle of it: half is written
//     power:N              … and what was not waited for (fsync) is lost
//     some:N:SEED          … and of what was not waited for, a random part is lost, or half-written
//     enospc:N:K, eio:N:K  K calls from the n-th on fail with this error
//     gate:N:M             the first fsync from the n-th call on fails, and what it was to write is lost, of which later
//                          ones say nothing (as Linux does); power fails at the m-th call
//     nolocks              there are no locks (flock)
//
// The files in shared memory (-shm) are no part of what a power failure leaves: SQLite makes them anew.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

using Pwrite = ssize_t(int, const void*, size_t, off64_t);
using Write = ssize_t(int, const void*, size_t);
using Truncate = int(int, off64_t);
using Sync = int(int);

/// A change that the disk need not have yet. One without bytes cuts the file there.
struct Change {
  std::size_t at = 0;
  std::vector<char> bytes;
  bool cuts = false;
};

void apply(const Change& change, std::size_t size, std::vector<char>& to) {
  if (change.cuts) return to.resize(change.at);
  to.resize(std::max(to.size(), change.at + size));
  std::copy_n(change.bytes.begin(), size, to.begin() + static_cast<std::ptrdiff_t>(change.at));
}

/// What the disk has for certain, and what it may have.
struct Image {
  ino_t inode = 0;
  std::vector<char> safe;
  std::vector<Change> changes;

  void make_safe() {
    for (const Change& change : changes) apply(change, change.bytes.size(), safe);
    changes.clear();
  }
};

enum class Kind { change, sync };
enum class Verdict { go_on, fail, tear };

class Disk {
 public:
  static Disk& get() {
    static Disk& disk = *new Disk;  // others write until the very end
    return disk;
  }

  std::mutex& mutex() { return mutex_; }
  bool has_no_locks() const { return mode_ == "nolocks"; }
  bool is_path_watched(const std::string& path) const {
    return !path_.empty() && path.starts_with(path_) && !path.ends_with("-count");
  }
  /// Empty if it is not of the journal.
  std::string watched(int file) const {
    if (mode_.empty() || path_.empty()) return {};
    char name[PATH_MAX];
    const auto size = ::readlink(("/proc/self/fd/" + std::to_string(file)).c_str(), name, sizeof name);
    std::string path{name, size > 0 ? static_cast<std::size_t>(size) : 0};
    return is_path_watched(path) && !path.ends_with("(deleted)") ? path : std::string{};
  }

  /// A call comes. May not return.
  Verdict meet(const std::string& path, int file, Kind kind) {
    if (has_images()) know(path, file);
    const unsigned long number = ++calls_;
    if (mode_ == "kill" && number == first_) die();
    if (mode_ == "tear" && number == first_) return Verdict::tear;
    if ((mode_ == "power" || mode_ == "some") && number == first_) fail_power();
    if (mode_ == "gate" && number >= second_) fail_power();
    if (mode_ == "gate" && kind == Kind::sync && number >= first_ && !std::exchange(has_failed_, true)) {
      images_[path].changes.clear();
      errno = EIO;
      return Verdict::fail;
    }
    if ((mode_ == "enospc" || mode_ == "eio") && number >= first_ && number < first_ + second_) {
      errno = mode_ == "eio" ? EIO : ENOSPC;
      return Verdict::fail;
    }
    return Verdict::go_on;
  }
  void changed(const std::string& path, Change change) {
    if (has_images()) images_[path].changes.push_back(std::move(change));
  }
  void synced(const std::string& path) {
    if (has_images()) images_[path].make_safe();
  }
  [[noreturn]] static void die() {
    ::raise(SIGKILL);
    while (true) ::pause();
  }
  void count() const {
    if (mode_ != "count") return;
    if (std::FILE* file = std::fopen((path_ + "-count").c_str(), "w")) {
      std::fprintf(file, "%lu\n", calls_);
      std::fclose(file);
    }
  }

 private:
  Disk() {
    if (const char* path = std::getenv("DISK_FAULT_PATH")) path_ = path;
    const char* fault = std::getenv("DISK_FAULT");
    const std::string text = fault ? fault : "";
    mode_ = text.substr(0, text.find(':'));
    if (text.size() > mode_.size()) std::sscanf(text.c_str() + mode_.size(), ":%lu:%lu", &first_, &second_);
  }
  bool has_images() const { return mode_ == "power" || mode_ == "some" || mode_ == "gate"; }

  /// A file that is seen for the first time is on the disk as it is.
  void know(const std::string& path, int file) {
    struct stat status = {};
    if (::fstat(file, &status) != 0) return;
    Image& image = images_[path];
    if (image.inode == status.st_ino) return;
    image = {status.st_ino, std::vector<char>(static_cast<std::size_t>(status.st_size)), {}};
    const int reader = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (::pread(reader, image.safe.data(), image.safe.size(), 0) < 0) die();
    ::close(reader);
  }
  [[noreturn]] void fail_power() {
    std::mt19937_64 random{second_};
    for (auto& [path, image] : images_) {
      if (path.ends_with("-shm")) continue;
      if (mode_ == "some") keep_some(image, random);
      const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
      if (file < 0) continue;
      static_cast<void>(real<Truncate>("ftruncate64")(file, static_cast<off64_t>(image.safe.size())));
      static_cast<void>(real<Pwrite>("pwrite64")(file, image.safe.data(), image.safe.size(), 0));
      ::close(file);
    }
    die();
  }
  /// All of a sector is written, or nothing.
  static void keep_some(Image& image, std::mt19937_64& random) {
    constexpr std::size_t sector = 512;
    for (const Change& change : image.changes) {
      const auto fate = random() % 8;
      if (fate < 4)
        apply(change, change.bytes.size(), image.safe);
      else if (fate < 6 && !change.cuts)
        apply(change, std::min(change.bytes.size(), random() % (change.bytes.size() / sector + 1) * sector), image.safe);
    }
  }

  std::mutex mutex_;
  std::string path_, mode_;
  unsigned long first_ = 0, second_ = 0, calls_ = 0;
  bool has_failed_ = false;
  std::map<std::string, Image> images_;
};

struct Counter {
  ~Counter() { Disk::get().count(); }
} counter;

ssize_t write_at(int file, const void* bytes, size_t size, off64_t at) {
  const auto go = real<Pwrite>("pwrite64");
  Disk& disk = Disk::get();
  const std::string path = disk.watched(file);
  if (path.empty()) return go(file, bytes, size, at);
  const std::lock_guard lock{disk.mutex()};
  switch (disk.meet(path, file, Kind::change)) {
    case Verdict::fail: return -1;
    case Verdict::tear: static_cast<void>(go(file, bytes, size / 2, at)); Disk::die();
    default: break;
  }
  const auto got = go(file, bytes, size, at);
  const auto* const begin = static_cast<const char*>(bytes);
  if (got > 0) disk.changed(path, {static_cast<std::size_t>(at), {begin, begin + got}, false});
  return got;
}

int cut(int file, off64_t size) {
  const auto go = real<Truncate>("ftruncate64");
  Disk& disk = Disk::get();
  const std::string path = disk.watched(file);
  if (path.empty()) return go(file, size);
  const std::lock_guard lock{disk.mutex()};
  switch (disk.meet(path, file, Kind::change)) {
    case Verdict::fail: return -1;
    case Verdict::tear: static_cast<void>(go(file, size)); Disk::die();
    default: break;
  }
  const int failed = go(file, size);
  if (failed == 0) disk.changed(path, {static_cast<std::size_t>(size), {}, true});
  return failed;
}

int sync(int file, const char* name) {
  const auto go = real<Sync>(name);
  Disk& disk = Disk::get();
  const std::string path = disk.watched(file);
  if (path.empty()) return go(file);
  const std::lock_guard lock{disk.mutex()};
  switch (disk.meet(path, file, Kind::sync)) {
    case Verdict::fail: return -1;
    case Verdict::tear: static_cast<void>(go(file)); Disk::die();
    default: break;
  }
  const int failed = go(file);
  if (failed == 0) disk.synced(path);
  return failed;
}

}  // namespace

extern "C" {

ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t at) { return write_at(file, bytes, size, at); }
ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) { return write_at(file, bytes, size, at); }
/// Of the journal's files, one is written from the place where the last write ended only when it is made.
ssize_t write(int file, const void* bytes, size_t size) {
  Disk& disk = Disk::get();
  if (disk.watched(file).empty()) return real<Write>("write")(file, bytes, size);
  const off64_t at = ::lseek64(file, 0, SEEK_CUR);
  const ssize_t got = write_at(file, bytes, size, at);
  if (got > 0) ::lseek64(file, at + got, SEEK_SET);
  return got;
}
int ftruncate64(int file, off64_t size) noexcept { return cut(file, size); }
int ftruncate(int file, off_t size) noexcept { return cut(file, size); }
int fsync(int file) { return sync(file, "fsync"); }
int fdatasync(int file) { return sync(file, "fdatasync"); }
#pragma GCC diagnostic ignored "-Wshadow"  // there is a structure of that name
int flock(int file, int operation) noexcept {
  if (Disk::get().has_no_locks()) {
    errno = ENOLCK;
    return -1;
  }
  return real<int(int, int)>("flock")(file, operation);
}

}  // extern "C"
