// The options of an interface that say what its workers have: "cores=2&memory=4G&gpus=2&label=big,rack=3".
//
// What:    rows for a backend's table (src/spec), and what is said of a value that makes no sense.
// Owner:   values.
// Threads: any.
// Use:
//     spec::Table<MyOptions> table{…};
//     resources::add_rows<&MyOptions::shares>(table);
#pragma once

#include <string>
#include <string_view>

#include "parse/number.hpp"
#include "parse/size.hpp"
#include "resources/shares.hpp"
#include "spec/options.hpp"

namespace mw::resources {

inline constexpr unsigned most_cores = 65'536;

template <auto Member>
void add_rows(spec::Table<spec::detail::Owner<Member>>& table) {
  using Options = spec::detail::Owner<Member>;
  const auto number = [](std::uint32_t Shares::*what, unsigned least, unsigned most) {
    return [=](Options& options, std::string_view value) {
      const auto read = parse::number<std::uint32_t>(value, least, most);
      if (read) (options.*Member).*what = *read;
      return read.has_value();
    };
  };
  table.push_back(
      {"cores", fmt::format("how many cores each worker has, 1 to {}", most_cores), number(&Shares::cores, 1, most_cores)});
  table.push_back({"memory", "how much memory each worker has: 512M, 4G", [](Options& options, std::string_view value) {
                     const auto size = parse::size(value);
                     if (size) (options.*Member).memory = *size;
                     return size && *size > 0;
                   }});
  table.push_back({"gpus", fmt::format("how many GPUs the workers have together, 0 to {}", most_gpus),
                   [](Options& options, std::string_view value) {
                     const auto read = parse::number<std::uint32_t>(value, 0, most_gpus);
                     if (read) (options.*Member).gpus = *read;
                     return read.has_value();
                   }});
  table.push_back({"label", "words with commas between", [](Options& options, std::string_view value) {
                     (options.*Member).labels = spec::list_in(value);
                     for (const std::string& label : (options.*Member).labels)
                       if (!label_error(label).empty()) return false;
                     return (options.*Member).labels.size() <= most_labels;
                   }});
}

}  // namespace mw::resources
