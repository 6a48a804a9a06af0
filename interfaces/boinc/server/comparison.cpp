#include "boinc/server/comparison.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "boinc/policy/agreement.hpp"
#include "boinc/policy/task_kind.hpp"
#include "boinc/protocol/md5.hpp"
#include "registry/registry.hpp"
#include "remote/task_messages.hpp"
#include "wire/output_list.hpp"
#include "worker/task_folder.hpp"

namespace mw::boinc {
namespace {

/// Outputs of one workunit that are read and compared in less than a hundredth of a second.
constexpr std::int64_t small_size = std::int64_t{1} << 20;

std::span<const std::byte> bytes_of(const StoredOutput& output, Answer& answer) {
  if (std::holds_alternative<std::monostate>(output.at)) throw InterfaceError{"there is no uploaded file"};
  if (const Bytes* bytes = std::get_if<Bytes>(&output.at)) return bytes->span();
  return answer.file.emplace(std::get<std::string>(output.at)).span();
}

Answer read(const StoredOutput& output, std::size_t tasks, bool is_summed_up) {
  Answer answer;
  const std::span<const std::byte> bytes = bytes_of(output, answer);
  const std::string md5 = is_summed_up ? output.md5 : md5_hex(bytes);
  if (static_cast<std::int64_t>(bytes.size()) != output.nbytes || md5 != output.md5)
    throw InterfaceError{fmt::format("what is stored has {} bytes with the MD5 {}; {} with {} were uploaded", bytes.size(), md5,
                                     output.nbytes, output.md5)};
  answer.endings = wire::parse_answer(bytes, tasks);
  for (wire::Ending& ending : answer.endings) ending.result.run_ns = std::min(ending.result.run_ns, output.longest_run_ns);
  return answer;
}

/// What a failure says apart from where it happened.
bool equal_failures(const Failure& a, const Failure& b) {
  return a.cause == b.cause && a.type == b.type && a.exit_status == b.exit_status && a.signal == b.signal &&
         (a.cause != Cause::exception || a.message == b.message);
}

bool equal_bytes(std::span<const std::byte> a, std::span<const std::byte> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

bool equal_values(const Validator& validator, const ResultPair& pair) {
  if (!validator) return equal_bytes(pair.first, pair.second);
  try {
    return validator(pair);
  } catch (...) {
    return false;
  }
}

/// Reads the outputs of a question: small ones once, large ones whenever they are looked at, so that few of them are in
/// memory.
class Reader {
 public:
  Reader(const Question& question, const std::stop_token& stop)
      : question_{question},
        stop_{stop},
        entry_{registry::find(question.function)},
        brings_files_{!entry_ && registry::find(kind_of(question.function, true))},
        keeps_{!question.is_large()},
        kept_(question.outputs.size()),
        is_sound_(question.outputs.size()) {
    if (brings_files_) entry_ = registry::find(kind_of(question.function, true));
  }

  /// Throws if it cannot be used.
  void check(std::size_t i) {
    const StoredOutput& output = question_.outputs[i];
    auto answer = std::make_shared<const Answer>(read_answer(output, question_.tasks));
    // What is no result of the function's is not to reach the master: it would be the master's error there.
    if (entry_ && !output.was_decoded && !is_known(output))
      for (const wire::Ending& ending : answer->endings)
        if (!ending.is_gone && !ending.failure && !stop_.stop_requested()) entry_->check_result(parts_of(ending).value);
    if (keeps_) kept_[i] = std::move(answer);
    is_sound_[i] = true;
  }

  /// One that is sound.
  std::shared_ptr<const Answer> answer(std::size_t i) const {
    return kept_[i] ? kept_[i] : std::make_shared<const Answer>(read(question_.outputs[i], question_.tasks, true));
  }

  bool equal(std::size_t a, std::size_t b) const {
    if (question_.outputs[a].md5 == question_.outputs[b].md5) return true;
    if (stop_.stop_requested()) return false;
    const auto first = answer(a), second = answer(b);
    for (std::size_t i = 0; i < first->endings.size(); ++i)
      if (!equal(first->endings[i], second->endings[i])) return false;
    return true;
  }

 private:
  bool equal(const wire::Ending& a, const wire::Ending& b) const {
    if (a.is_gone != b.is_gone || a.failure.has_value() != b.failure.has_value()) return false;
    if (a.failure) return equal_failures(*a.failure, *b.failure);
    // A validator knows a function's result, and nothing of what it emits on the way.
    if (!question_.validator && !std::ranges::equal(a.parts, b.parts, equal_bytes)) return false;
    const std::string_view name = entry_ ? entry_->name() : std::string_view{};
    const std::uint64_t function = kind_of(question_.function, brings_files_);
    const Parts first = parts_of(a), second = parts_of(b);
    // Whatever a validator thinks of values: files are the same bytes.
    return equal_bytes(first.files, second.files) && equal_values(question_.validator, {function, name, first.value, second.value});
  }
  /// A result, apart from the files that come with it.
  struct Parts {
    std::span<const std::byte> files;
    std::span<const std::byte> value;
  };
  /// Throws wire::ProtocolError if its files are no such list.
  Parts parts_of(const wire::Ending& ending) const {
    const std::span<const std::byte> all = ending.result.value;
    if (!brings_files_) return {{}, all};
    const wire::OutputList list = wire::parse_output_list(all);
    for (const wire::OutputEntry& file : list.files)
      if (file.is_in_folder || !worker::path_error(file.path).empty())
        throw wire::ProtocolError{fmt::format("an output file \"{}\" that is none", file.path)};
    return {all.first(all.size() - list.value.size()), list.value};
  }
  /// Whether the same bytes were looked at before.
  bool is_known(const StoredOutput& output) const {
    for (std::size_t i = 0; i < is_sound_.size(); ++i)
      if (is_sound_[i] && question_.outputs[i].md5 == output.md5) return true;
    return false;
  }

  const Question& question_;
  const std::stop_token& stop_;
  const detail::FunctionEntry* entry_;
  const bool brings_files_;
  const bool keeps_;
  std::vector<std::shared_ptr<const Answer>> kept_;
  std::vector<bool> is_sound_;
};

}  // namespace

Answer read_answer(const StoredOutput& output, std::size_t tasks) { return read(output, tasks, output.is_summed_up); }

std::vector<TaskOutcome> outcomes_of(const Answer& answer) {
  std::vector<TaskOutcome> outcomes;
  outcomes.reserve(answer.endings.size());
  for (const wire::Ending& ending : answer.endings) outcomes.push_back({remote::outcome_of(ending), ending.is_gone});
  return outcomes;
}

bool Question::is_large() const noexcept {
  std::int64_t nbytes = 0;
  for (const StoredOutput& output : outputs) nbytes += output.nbytes;
  return nbytes > small_size;
}

bool Question::is_same(const Question& other) const {
  return quorum == other.quorum && canonical == other.canonical &&
         std::ranges::equal(outputs, other.outputs, {}, &StoredOutput::instance, &StoredOutput::instance);
}

Verdict compare(const Question& question, const std::stop_token& stop) {
  const std::size_t count = question.outputs.size();
  Reader reader{question, stop};
  Verdict verdict;
  verdict.errors.resize(count);
  std::vector<std::size_t> sound;
  for (std::size_t i = 0; i < count; ++i) {
    try {
      reader.check(i);
      sound.push_back(i);
    } catch (const Error& e) {
      verdict.errors[i] = e.what();
    }
  }
  if (question.canonical) {
    if (!verdict.errors[*question.canonical].empty()) return verdict;
    verdict.canonical = question.canonical;
    verdict.valid.resize(count);
    for (const std::size_t i : sound) verdict.valid[i] = i == *question.canonical || reader.equal(*question.canonical, i);
    return verdict;
  }
  const Agreement agreement =
      agree(sound.size(), question.quorum, [&](std::size_t a, std::size_t b) { return reader.equal(sound[a], sound[b]); });
  if (!agreement.canonical) return verdict;
  verdict.canonical = sound[*agreement.canonical];
  verdict.valid.resize(count);
  for (std::size_t i = 0; i < sound.size(); ++i) verdict.valid[sound[i]] = agreement.valid[i];
  verdict.outcomes = outcomes_of(*reader.answer(*verdict.canonical));
  return verdict;
}

}  // namespace mw::boinc
