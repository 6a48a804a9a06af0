// The folder in which a BOINC client runs a task.
//
// What:    finds the files behind its soft links, and says the end to the client (BOINC, api/boinc_api.cpp and
//          lib/filesys.cpp).
// Owner:   a value.
// Threads: any.
// Use:
//     const Slot slot{"."};
//     read(slot.path_of("in"));  …  slot.finish();
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mw::slot {

class Slot {
 public:
  explicit Slot(std::string folder) : folder_{std::move(folder)} {}

  /// Where the file of this name is: in the slot, or where the soft link in the slot says.
  std::string path_of(const std::string& name) const;
  /// Whether there is one, or a link to one that may not be there yet.
  bool has(const std::string& name) const;
  /// A number in init_data.xml: <name>60.0</name>.
  std::optional<double> number_in_init_data(std::string_view name) const;
  /// Tells the client that the task has ended well: without it, an exit is taken for an accident.
  void finish() const;
  const std::string& folder() const noexcept { return folder_; }

 private:
  const std::string folder_;
};

}  // namespace mw::slot
