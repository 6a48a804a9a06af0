// Files cut into ranges of bytes, so that several workers read one file.
//
// What:    file_ranges() plans the cuts; read_lines() gives a range's text. A line belongs to the range in which it
//          begins, so each line is in exactly one, wherever the cuts are.
// Owner:   plain values. The files must be readable by the workers under the same paths, and not change meanwhile.
// Threads: any.
// Use:
//     Counts count_words(const mw::FileRange& range) { return count(mw::read_lines(range)); }
//     Counts counts = master.map_reduce<count_words, merge>(mw::file_ranges({"a.txt", "b.txt"}));
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mw {

/// Part of a file.
struct FileRange {
  std::string path;         ///< absolute in what file_ranges() returns
  std::uint64_t begin = 0;  ///< the offset of its first byte
  std::uint64_t end = 0;    ///< the offset behind its last byte
};

/// Ranges of at most `size` bytes (16 MiB by default) that cover the files, in order; an empty file has none. Looks at
/// the files' sizes and reads nothing. Throws UsageError, naming the file, if one cannot be read or is not a regular
/// file, or if size is 0.
std::vector<FileRange> file_ranges(const std::vector<std::string>& paths, std::uint64_t size = std::uint64_t{16} << 20);

/// The lines that begin in the range, each whole, with their line ends (the last line of a file may have none). So it
/// may return more bytes than the range has, or none. Throws Error, naming the file, if it cannot be opened or read;
/// std::bad_alloc.
std::string read_lines(const FileRange& range);

}  // namespace mw
