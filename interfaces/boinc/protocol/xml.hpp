// BOINC's XML, on pugixml.
//
// What:    reading that forgives what BOINC's own parser forgives (junk before the root element), and checks the rest;
//          writing one element a line, as the client reads it.
// Owner:   documents own their nodes.
// Threads: one at a time a document.
// Use:
//     const Document document = parse_document(text, "scheduler_request");        // throws BadMessage
//     const double seconds = number_in(document.root, "work_req_seconds");
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <mw/error.hpp>
#include <pugixml.hpp>

namespace mw::boinc {

/// Bytes that are no message of BOINC's protocol.
class BadMessage : public Error {
 public:
  using Error::Error;
};

struct Document {
  pugi::xml_document tree;
  pugi::xml_node root;
};

/// Looks for the element `root`, whatever stands before it. Throws BadMessage if it is not there, or is not whole.
Document parse_document(std::string_view text, const char* root);

/// The text of a child, without white space around it; empty if there is none.
std::string text_in(const pugi::xml_node& node, const char* child);
/// A finite number in a child; `otherwise` if there is none.
double number_in(const pugi::xml_node& node, const char* child, double otherwise = 0);
/// A whole number in a child; 0 if there is none, or it is out of range.
std::int64_t integer_in(const pugi::xml_node& node, const char* child);
/// Whether a child says so: <x/>, <x>1</x>.
bool flag_in(const pugi::xml_node& node, const char* child);

pugi::xml_node add(pugi::xml_node node, const char* child);
void add(pugi::xml_node node, const char* child, const std::string& text);
void add(pugi::xml_node node, const char* child, std::string_view text);
void add(pugi::xml_node node, const char* child, const char* text);
void add(pugi::xml_node node, const char* child, double number);
void add(pugi::xml_node node, const char* child, std::int64_t number);
/// <x>1</x>: the client's parser takes no blank in <x />.
void add_flag(pugi::xml_node node, const char* child);

/// One element a line, without a declaration.
std::string to_text(const pugi::xml_document& document);
/// In another form: see pugixml's format flags.
std::string to_text(const pugi::xml_document& document, const char* indent, unsigned format);

/// Whether a name may stand for a file on either side: letters, digits, '_', '-', '.', '+', at most 200 of them, no
/// "..", no '.' first.
bool is_file_name(std::string_view name) noexcept;

}  // namespace mw::boinc
