#include "rpc/rpc.hpp"

#include <utility>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace mw::rpc {
namespace {

namespace json = boost::json;

json::object error_object(const json::value& id, int code, std::string_view message) {
  return {{"jsonrpc", "2.0"}, {"error", {{"code", code}, {"message", message}}}, {"id", id}};
}

bool is_id(const json::value& value) { return value.is_string() || value.is_number() || value.is_null(); }

Entry refused(std::string what) { return {std::nullopt, std::move(what)}; }

Entry entry_of(json::value& value) {
  json::object* const object = value.if_object();
  if (!object) return refused("a request is an object");
  const json::value* const version = object->if_contains("jsonrpc");
  if (!version || *version != "2.0") return refused("\"jsonrpc\" must be \"2.0\"");
  const json::value* const method = object->if_contains("method");
  if (!method || !method->is_string()) return refused("\"method\" must be a text");
  Call call;
  call.method = method->get_string();
  if (json::value* const params = object->if_contains("params")) {
    if (!params->is_structured()) return refused("\"params\" must be an object or an array");
    call.params = std::move(*params);
  }
  if (const json::value* const id = object->if_contains("id")) {
    if (!is_id(*id)) return refused("\"id\" must be a text, a number or null");
    call.id = *id;
  }
  return {std::move(call)};
}

}  // namespace

std::string error_text(int code, std::string_view message) { return json::serialize(error_object(nullptr, code, message)); }

Request parse(std::string_view text) {
  Request request;
  json::error_code error;
  json::value value = json::parse(text, error, {}, {.max_depth = 16});
  if (error) {
    request.failure = error_text(parse_error, fmt::format("this is no JSON: {}", error.message()));
    return request;
  }
  json::array* const batch = value.if_array();
  if (!batch) {
    request.entries.push_back(entry_of(value));
    return request;
  }
  request.is_batch = true;
  if (batch->empty()) request.failure = error_text(invalid_request, "the batch is empty");
  if (batch->size() > longest_batch)
    request.failure = error_text(invalid_request,
                                 fmt::format("a batch has at most {} requests, and this one has {}", longest_batch, batch->size()));
  if (request.failure) return request;
  for (json::value& one : *batch) request.entries.push_back(entry_of(one));
  return request;
}

void Answers::put(json::object answer) {
  if (!joined_.empty()) joined_ += ',';
  joined_ += json::serialize(answer);
}

void Answers::add(const Call& call, json::value result) {
  if (call.id) put({{"jsonrpc", "2.0"}, {"result", std::move(result)}, {"id", *call.id}});
}

void Answers::add(const Call& call, const Error& error) {
  if (call.id) put(error_object(*call.id, error.code(), error.what()));
}

void Answers::add_refusal(const std::string& what) { put(error_object(nullptr, invalid_request, what)); }

std::string Answers::text() const { return is_batch_ && !joined_.empty() ? "[" + joined_ + "]" : joined_; }

}  // namespace mw::rpc
