// What PHP says in the middle of an answer.
//
// What:    tells its warnings and its death from the answer that they stand in. They come with HTTP status 200, in
//          HTML, before, inside or in place of the XML.
// Owner:   values.
// Threads: any.
// Use:
//     const PhpAnswer answer = without_notices(reply);
//     if (!answer.death.empty()) …                       // "Uncaught mysqli_sql_exception: Duplicate entry …"
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mw::boinc {

struct PhpAnswer {
  std::string text;                   ///< what is left
  std::vector<std::string> warnings;  ///< "Warning: mkdir(): Permission denied in …", one line each
  std::string death;                  ///< why it ended in the middle; empty: it did not
};
PhpAnswer without_notices(std::string_view reply);

}  // namespace mw::boinc
