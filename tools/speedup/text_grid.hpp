// Rows of cells as text.
//
// What:    columns that stand under each other, as plain text or Markdown.
// Owner:   values.
// Threads: any.
// Use:
//     print(text_grid({{"Workers", "Seconds"}, {"1", "10.25"}}, false));
#pragma once

#include <string>
#include <vector>

namespace mw::tool {

/// Right-aligned; the first row is the head, and as long as all others. A "|" in a cell is escaped in Markdown.
std::string text_grid(std::vector<std::vector<std::string>> rows, bool markdown);

}  // namespace mw::tool
