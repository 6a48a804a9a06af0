#include "boinc/setup/templates.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "boinc/protocol/xml.hpp"

namespace mw::boinc {
namespace {

/// As BOINC looks for them: "<OUTFILE_0/>" without a blank, and the end of the line behind "<result>".
std::string to_template_text(const pugi::xml_document& document) {
  std::string text = to_text(document, "  ", pugi::format_indent | pugi::format_no_declaration);
  constexpr std::string_view blank_end = " />";
  for (auto at = text.find(blank_end); at != std::string::npos; at = text.find(blank_end, at)) text.erase(at, 1);
  return text;
}

/// The reader of templates counts <file_info> only where its end stands apart; the client's parser takes a flag as <x/>
/// or <x>1</x>, and throws away all of a reply that has <x></x> in it.
std::string with_short_flags(std::string text) {
  constexpr std::string_view apart = "<no_delete></no_delete>", flag = "<no_delete/>";
  for (auto at = text.find(apart); at != std::string::npos; at = text.find(apart, at)) text.replace(at, apart.size(), flag);
  return text;
}

constexpr std::pair<const char*, unsigned Copies::*> copy_counts[] = {{"min_quorum", &Copies::quorum},
                                                                      {"target_nresults", &Copies::target},
                                                                      {"max_error_results", &Copies::max_errors},
                                                                      {"max_total_results", &Copies::max_total},
                                                                      {"max_success_results", &Copies::max_success}};

/// A flag with its end apart and nothing in it, or with a blank in it.
bool has_unreadable_flag(const std::string& text) {
  if (text.find(" />") != std::string::npos) return true;
  for (auto end = text.find("></"); end != std::string::npos; end = text.find("></", end + 1)) {
    const auto begin = text.rfind('<', end);
    if (begin == std::string::npos) continue;
    const std::string name = text.substr(begin + 1, end - begin - 1);
    if (name != "file_info" && text.compare(end + 3, name.size() + 1, name + ">") == 0) return true;
  }
  return false;
}

}  // namespace

std::string input_template_name(const std::string& app, std::size_t data_files) {
  return data_files == 0 ? app + "_in" : fmt::format("{}_in_{}", app, data_files);
}
std::string output_template_name(const std::string& app) { return app + "_out"; }
std::string input_template_path(const std::string& app, std::size_t data_files) {
  return "templates/" + input_template_name(app, data_files);
}
std::string output_template_path(const std::string& app) { return "templates/" + output_template_name(app); }

std::string input_template(std::size_t data_files, const std::optional<Copies>& copies) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("input_template");
  add(root, "file_info");
  // Workunits share data files, so that none of them may take one with it.
  for (std::size_t i = 0; i < data_files; ++i) {
    pugi::xml_node file = add(root, "file_info");
    add(file, "no_delete");
  }
  pugi::xml_node workunit = add(root, "workunit");
  const auto add_reference = [&workunit](const std::string& open_name) {
    pugi::xml_node reference = add(workunit, "file_ref");
    add(reference, "open_name", open_name);
  };
  add_reference("in");
  for (std::size_t i = 0; i < data_files; ++i) add_reference(fmt::format("data_{}", i));
  if (copies)
    for (const auto& [name, member] : copy_counts) add(workunit, name, std::int64_t{*copies.*member});
  return with_short_flags(to_text(document));
}

std::string output_template(std::uint64_t max_output, bool keep_output) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("output_template");
  pugi::xml_node file = add(root, "file_info");
  add(add(file, "name"), "OUTFILE_0");
  add(file, "generated_locally");
  add(file, "upload_when_present");
  if (keep_output) add(file, "no_delete");
  add(file, "max_nbytes", static_cast<std::int64_t>(max_output));
  add(add(file, "url"), "UPLOAD_URL");
  pugi::xml_node result = add(root, "result");
  pugi::xml_node reference = add(result, "file_ref");
  add(add(reference, "file_name"), "OUTFILE_0");
  add(reference, "open_name", "out");
  return to_template_text(document);
}

TemplateFacts read_input_template(const std::string& text) {
  const Document document = parse_document(text, "input_template");
  const auto files = document.root.children("file_info");
  TemplateFacts facts{static_cast<std::size_t>(std::distance(files.begin(), files.end())), {}, !has_unreadable_flag(text)};
  const pugi::xml_node workunit = document.root.child("workunit");
  for (const auto& [name, member] : copy_counts)
    facts.copies.*member = static_cast<unsigned>(std::clamp<std::int64_t>(integer_in(workunit, name), 0, 1'000'000));
  return facts;
}

}  // namespace mw::boinc
