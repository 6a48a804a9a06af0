// A project's templates for workunits of tasks.
//
// What:    where they are, and what stands in them. A workunit has its bundle as "in", its data files as "data_0",
//          "data_1", …, and one output, "out"; there is an input template for each number of data files (BOINC,
//          tools/backend_lib.cpp).
// Owner:   values.
// Threads: any.
// Use:
//     write_file(folder + "/" + input_template_path("pi", 0), input_template(0, {}));
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "boinc/policy/copies.hpp"

namespace mw::boinc {

/// A task may have so many data files over an existing project.
inline constexpr std::size_t most_data_files = 9;

/// "pi_in", "pi_in_3".
std::string input_template_name(const std::string& app, std::size_t data_files);
std::string output_template_name(const std::string& app);
/// From the project's folder.
std::string input_template_path(const std::string& app, std::size_t data_files);
std::string output_template_path(const std::string& app);

/// Without `copies` they are left to whoever makes the jobs, whose word counts only where the template says nothing.
std::string input_template(std::size_t data_files, const std::optional<Copies>& copies);
/// `keep_output`: the project does not delete outputs, which are fetched over the network.
std::string output_template(std::uint64_t max_output, bool keep_output);

/// What an input template says.
struct TemplateFacts {
  std::size_t files = 0;
  Copies copies;            ///< as far as it says so
  bool is_readable = true;  ///< BOINC's client takes its flags; else it throws away every reply that has such a file in it
};
/// Throws BadMessage.
TemplateFacts read_input_template(const std::string& text);

}  // namespace mw::boinc
