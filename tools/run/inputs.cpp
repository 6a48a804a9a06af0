#include "run/inputs.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <regex>
#include <utility>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "process/unique_fd.hpp"

namespace mw::run {
namespace {

class List final : public Source {
 public:
  explicit List(std::vector<std::string> values) : values_{std::move(values)} {}
  std::optional<std::string> next() override { return at_ < values_.size() ? std::optional{values_[at_++]} : std::nullopt; }

 private:
  const std::vector<std::string> values_;
  std::size_t at_ = 0;
};

class File final : public Source {
 public:
  File(const std::string& path, char end) : path_{path}, end_{end} {
    if (path != "-") {
      own_ = process::UniqueFd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
      if (own_.get() < 0) throw UsageError{fmt::format("\"{}\" cannot be read: {}", path, std::strerror(errno))};
    }
    struct stat status = {};
    is_regular_ = ::fstat(fd(), &status) == 0 && S_ISREG(status.st_mode);
  }

  std::optional<std::string> next() override {
    auto end = text_.find(end_, at_);
    while (end == std::string::npos && !is_at_end_) {
      const std::size_t known = text_.size() - at_;
      read_more();
      end = text_.find(end_, at_ + known);
    }
    if (end == std::string::npos && at_ == text_.size()) return std::nullopt;
    const std::size_t begin = at_;
    at_ = std::min(end, text_.size() - 1) + 1;
    return text_.substr(begin, std::min(end, text_.size()) - begin);
  }

  bool is_at_hand() const override {
    if (is_at_end_ || is_regular_ || text_.find(end_, at_) != std::string::npos) return true;
    pollfd readable{fd(), POLLIN, 0};
    return ::poll(&readable, 1, 0) != 0;
  }

 private:
  int fd() const noexcept { return own_.get() >= 0 ? own_.get() : STDIN_FILENO; }

  void read_more() {
    constexpr std::size_t piece = 64 * 1024;
    text_.erase(0, std::exchange(at_, 0));
    const std::size_t before = text_.size();
    text_.resize(before + piece);
    ssize_t got = 0;
    do got = ::read(fd(), text_.data() + before, piece);
    while (got < 0 && errno == EINTR);
    text_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0) throw InterfaceError{fmt::format("\"{}\" cannot be read on: {}", path_, std::strerror(errno))};
    is_at_end_ = got == 0;
  }

  const std::string path_;
  const char end_;
  process::UniqueFd own_;  ///< none: it is stdin
  bool is_regular_ = false;
  bool is_at_end_ = false;
  std::string text_;    ///< what was read
  std::size_t at_ = 0;  ///< … and given
};

/// Several sources side by side, as far as all of them have values.
struct Group {
  std::vector<std::unique_ptr<Source>> sources;

  std::optional<Row> next() {
    Row row;
    for (const auto& source : sources) {
      auto value = source->next();
      if (!value) return std::nullopt;
      row.push_back(std::move(*value));
    }
    return row;
  }
};

}  // namespace

std::unique_ptr<Source> file_source(const std::string& path, char end) { return std::make_unique<File>(path, end); }
std::unique_ptr<Source> list_source(std::vector<std::string> values) { return std::make_unique<List>(std::move(values)); }

/// Each of its layers asks the one below.
struct Rows::Reader {
  virtual ~Reader() = default;
  virtual std::optional<Row> next() = 0;
};

namespace {

/// The first group as it comes, each of its rows with each row of the others; the last one changes fastest.
template <class Reader>
struct Product final : Reader {
  explicit Product(std::vector<Group> groups) : first{std::move(groups.front())} {
    for (std::size_t i = 1; i < groups.size(); ++i) {
      auto& rows = others.emplace_back();
      while (auto row = groups[i].next()) rows.push_back(std::move(*row));
    }
    at.resize(others.size());
  }
  std::optional<Row> next() override {
    if (!current || !advance()) {
      current = first.next();
      std::fill(at.begin(), at.end(), 0);
    }
    if (!current || std::any_of(others.begin(), others.end(), [](const auto& rows) { return rows.empty(); })) return std::nullopt;
    Row row = *current;
    for (std::size_t i = 0; i < others.size(); ++i) row.insert(row.end(), others[i][at[i]].begin(), others[i][at[i]].end());
    return row;
  }
  bool advance() {
    for (std::size_t i = others.size(); i-- > 0;) {
      if (++at[i] < others[i].size()) return true;
      at[i] = 0;
    }
    return false;
  }
  Group first;
  std::optional<Row> current;
  std::vector<std::vector<Row>> others;
  std::vector<std::size_t> at;
};

/// All of them side by side; one that is at its end begins anew, until the longest is.
template <class Reader>
struct Linked final : Reader {
  explicit Linked(std::vector<Group> all) : groups{std::move(all)}, seen(groups.size()), is_over(groups.size()) {}
  std::optional<Row> next() override {
    std::vector<Row> parts(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (is_over[i]) continue;
      if (auto row = groups[i].next())
        seen[i].push_back(*row), parts[i] = std::move(*row);
      else
        is_over[i] = true;
    }
    if (std::all_of(is_over.begin(), is_over.end(), [](bool one) { return one; })) return std::nullopt;
    Row whole;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (is_over[i]) {
        if (seen[i].empty()) return std::nullopt;
        parts[i] = seen[i][count % seen[i].size()];
      }
      whole.insert(whole.end(), parts[i].begin(), parts[i].end());
    }
    ++count;
    return whole;
  }
  std::vector<Group> groups;
  std::vector<std::vector<Row>> seen;
  std::vector<bool> is_over;
  std::size_t count = 0;
};

template <class Reader>
struct Columns final : Reader {
  Columns(std::unique_ptr<Reader> from, const std::string& separator) : below{std::move(from)}, pattern{separator} {}
  std::optional<Row> next() override {
    auto row = below->next();
    if (!row) return row;
    Row columns;
    for (const std::string& value : *row)
      for (std::sregex_token_iterator one{value.begin(), value.end(), pattern, -1}, end; one != end; ++one)
        columns.push_back(one->str());
    return columns;
  }
  std::unique_ptr<Reader> below;
  const std::regex pattern;
};

template <class Reader>
struct Several final : Reader {
  Several(std::unique_ptr<Reader> from, std::size_t values) : below{std::move(from)}, count{values} {}
  std::optional<Row> next() override {
    Row row;
    while (row.size() < count) {
      auto more = below->next();
      if (!more) break;
      row.insert(row.end(), std::make_move_iterator(more->begin()), std::make_move_iterator(more->end()));
    }
    return row.empty() ? std::nullopt : std::optional{std::move(row)};
  }
  std::unique_ptr<Reader> below;
  const std::size_t count;
};

template <class Reader>
struct Shuffled final : Reader {
  explicit Shuffled(Reader& below) {
    while (auto row = below.next()) rows.push_back(std::move(*row));
    std::shuffle(rows.begin(), rows.end(), std::mt19937_64{std::random_device{}()});
  }
  std::optional<Row> next() override { return at < rows.size() ? std::optional{std::move(rows[at++])} : std::nullopt; }
  std::vector<Row> rows;
  std::size_t at = 0;
};

std::vector<Group> groups_of(const InputPlan& plan) {
  std::vector<Group> groups;
  for (const InputPlan::Origin& origin : plan.origins) {
    auto source = origin.is_file ? file_source(origin.values.at(0), plan.end) : list_source(origin.values);
    if (!origin.is_linked || groups.empty()) groups.emplace_back();
    groups.back().sources.push_back(std::move(source));
  }
  if (groups.empty()) groups.emplace_back().sources.push_back(file_source("-", plan.end));
  return groups;
}

}  // namespace

Rows::Rows(const InputPlan& plan) {
  std::vector<Group> groups = groups_of(plan);
  for (const Group& group : groups)
    for (const auto& source : group.sources) sources_.push_back(source.get());
  if (plan.link) {
    first_ = std::make_unique<Linked<Reader>>(std::move(groups));
  } else {
    sources_.resize(groups.front().sources.size());  // the others are read whole, now
    first_ = std::make_unique<Product<Reader>>(std::move(groups));
  }
  try {
    if (!plan.column_separator.empty()) first_ = std::make_unique<Columns<Reader>>(std::move(first_), plan.column_separator);
  } catch (const std::regex_error& e) {
    throw UsageError{fmt::format("--colsep \"{}\" is no regular expression: {}", plan.column_separator, e.what())};
  }
  if (plan.values_per_job != 0) first_ = std::make_unique<Several<Reader>>(std::move(first_), plan.values_per_job);
  if (!plan.shuffle) return;
  first_ = std::make_unique<Shuffled<Reader>>(*first_);
  sources_.clear();
}

Rows::~Rows() = default;
std::optional<Row> Rows::next() { return first_->next(); }
bool Rows::is_at_hand() const {
  return std::all_of(sources_.begin(), sources_.end(), [](const Source* source) { return source->is_at_hand(); });
}

std::optional<std::string> Blocks::next() {
  while (!is_at_end_ && (rest_.size() < size_ || rest_.find('\n', size_ - 1) == std::string::npos)) {
    char buffer[65'536];
    const ssize_t got = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw InterfaceError{fmt::format("stdin cannot be read: {}", std::strerror(errno))};
    is_at_end_ = got == 0;
    rest_.append(buffer, static_cast<std::size_t>(got));
  }
  if (rest_.empty()) return std::nullopt;
  // The last line that ends within the block; if none does, the first that ends behind it.
  auto cut = rest_.size() <= size_ ? std::string::npos : rest_.rfind('\n', size_ - 1);
  if (cut == std::string::npos && rest_.size() > size_) cut = rest_.find('\n', size_ - 1);
  if (cut == std::string::npos) return std::exchange(rest_, {});
  std::string block = rest_.substr(0, cut + 1);
  rest_.erase(0, cut + 1);
  return block;
}

}  // namespace mw::run
