// The dashboard's page, as it lies in src/dashboard/page, without its comments and indentation.
//
// What:    three files, embedded when this is built (cmake/EmbedPage.cmake).
// Owner:   the bytes are constants of the program.
// Threads: any.
// Use:
//     response.body = mw::dashboard::page_html();
#pragma once

#include <string_view>

namespace mw::dashboard {

/// index.html. It names the other two, each in a line of its own, in place of which a report has their text:
/// `<link rel="stylesheet" href="page.css">` in the head and `<script src="page.js"></script>` at the end of the body.
std::string_view page_html() noexcept;
/// page.css. It never contains "</style".
std::string_view page_css() noexcept;
/// The page's scripts in one. It never contains "</script" nor "<!--".
std::string_view page_js() noexcept;

}  // namespace mw::dashboard
