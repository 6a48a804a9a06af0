// Text in columns, for a terminal of some width.
//
// What:    cells under each other, to the left or to the right; lines that are cut where they are too long. A character
//          of UTF-8 counts as one column.
// Owner:   values.
// Threads: any.
// Use:
//     for (const std::string& line : columns({{"name", "done"}, {"f", "12"}}, "lr", 80)) print(line);
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mw::tool {

/// Of at most `width` columns; where it was cut, it ends with "…".
std::string fitted(std::string_view text, std::size_t width);

/// `sides` has 'l' or 'r' for each column. Two blanks are between columns. Where the lines are too long, the widest
/// column to the left is cut.
std::vector<std::string> columns(std::vector<std::vector<std::string>> rows, std::string_view sides, std::size_t width);

}  // namespace mw::tool
