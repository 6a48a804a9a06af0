// Where a master can be watched, for other programs of the same user on this machine.
//
// What:    a file for each master, which nobody else may read, in the user's folder for what need not last; it goes
//          with the master. What a killed master has left is removed by whoever finds that its process is gone.
// Owner:   Announcement owns its file.
// Threads: any.
// Use:
//     const Announcement announcement{{.url = "http://127.0.0.1:4711/", .key = "…", .program = "monte_pi"}};
//     for (const Announced& one : announced()) …                     // mw top, mw ctl
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mw::dashboard {

struct Announced {
  std::string url;  ///< "http://127.0.0.1:4711/"
  std::string key;
  std::string program;
  std::uint32_t pid = 0;  ///< 0: this process
  double started = 0;     ///< Unix time
};

class Announcement {
 public:
  /// Does nothing where the file cannot be made: then the address must be typed.
  explicit Announcement(const Announced& what) noexcept;
  ~Announcement();
  Announcement(const Announcement&) = delete;
  Announcement& operator=(const Announcement&) = delete;

 private:
  std::string path_;
};

/// Of the masters that run now, the youngest first.
std::vector<Announced> announced();

}  // namespace mw::dashboard
