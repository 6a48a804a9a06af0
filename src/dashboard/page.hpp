// The page's files, which are part of the program.
//
// Owner:   static.
// Threads: any.
#pragma once

#include <string_view>

namespace mw::dashboard {

std::string_view page_html();
std::string_view page_css();
std::string_view page_js();

}  // namespace mw::dashboard
