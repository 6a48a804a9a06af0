// Any bytes are a request, or have an answer that says what is wrong; answers are JSON, and one for each that wants
// one.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "control/methods.hpp"
#include "rpc/rpc.hpp"

using namespace mw;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

/// As the methods take them.
void check_parameters(const rpc::Call& call) {
  static const std::vector<control::Parameter> parameters{
      {"id", "integer", "a number", true}, {"state", "string", "a word", false, {"waiting", "running"}}, {"name", "string", "any"}};
  try {
    const auto given = control::checked(call.params, parameters);
    require(given.contains("id") && given.at("id").to_number<std::uint64_t>() == given.at("id").to_number<std::uint64_t>());
    for (const auto& member : given) require(member.key() == "id" || member.value().is_string());
  } catch (const rpc::Error& e) {
    require(e.code() == rpc::invalid_params);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const rpc::Request request = rpc::parse(text);
  if (request.failure) {
    require(boost::json::parse(*request.failure).at("error").at("code").is_int64());
    return 0;
  }
  require(request.is_batch || request.entries.size() == 1);
  rpc::Answers answers{request.is_batch};
  std::size_t wanted = 0;
  for (const rpc::Entry& entry : request.entries) {
    wanted += !entry.call || entry.call->id;
    if (!entry.call) {
      answers.add_refusal(entry.what);
      continue;
    }
    check_parameters(*entry.call);
    answers.add(*entry.call, entry.call->params);
  }
  const std::string said = answers.text();
  if (wanted == 0) {
    require(said.empty());
    return 0;
  }
  const auto answer = boost::json::parse(said);
  require(request.is_batch ? answer.as_array().size() == wanted : answer.is_object());
  return 0;
}
