// What workunits, instances and files are called.
//
// What:    names hold the numbers they stand for; an output's name also holds what nobody can guess.
// Owner:   owns the secret.
// Threads: read only.
// Use:
//     names.instance(17, 0);                                // "monte_pi_5f3c_17_0"
//     names.find_instance("monte_pi_5f3c_17_0");            // {17, 0}
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mw::boinc {

struct InstanceNumber {
  std::int64_t workunit = 0;
  std::int64_t number = 0;
};

class Names {
 public:
  /// A project's secret is 32 hex digits.
  Names(std::string_view app, std::string secret);

  std::string workunit(std::int64_t id) const;
  std::string instance(InstanceNumber number) const;
  std::string input(std::int64_t workunit) const;
  std::string output(InstanceNumber number) const;
  std::string data_file(std::int64_t id, std::string_view md5) const;

  /// Nothing where the name is none of this project's.
  std::optional<InstanceNumber> find_instance(std::string_view name) const;
  std::optional<std::int64_t> find_input(std::string_view name) const;
  std::optional<InstanceNumber> find_output(std::string_view name) const;
  std::optional<std::int64_t> find_data_file(std::string_view name) const;

 private:
  const std::string secret_;
  const std::string prefix_;
};

}  // namespace mw::boinc
