// mw::Value: what it is made of, what it becomes again, and its text.
#include <catch2/catch.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <mw/codec.hpp>
#include <mw/error.hpp>
#include <mw/value.hpp>

using Catch::Contains;
using mw::CodecError;
using mw::Value;

namespace {

struct Reading {
  std::string name;
  std::vector<double> values;
  std::optional<int> place;
  bool operator==(const Reading&) const = default;
};

template <class T>
T there_and_back(const T& value) {
  return Value::from_json(Value{value}.to_json()).template as<T>();
}

std::string json_error(const std::string& text) {
  try {
    static_cast<void>(Value::from_json(text));
  } catch (const CodecError& e) {
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("plain values become a value, and come back from its text", "[value]") {
  CHECK(Value{}.to_json() == "null");
  CHECK(Value{true}.to_json() == "true");
  CHECK(Value{-7}.to_json() == "-7");
  CHECK(Value{2.0}.to_json() == "2.0");
  CHECK(Value{1e300}.to_json() == "1e+300");
  CHECK(Value{"eel \"of\" \\ \n\x01"}.to_json() == "\"eel \\\"of\\\" \\\\ \\u000a\\u0001\"");
  CHECK(Value{std::vector<int>{}}.to_json() == "[]");
  CHECK(Value{std::map<std::string, int>{}}.to_json() == "{}");
  CHECK(Value{std::tuple{1, "x", std::optional<double>{}}}.to_json() == "[1,\"x\",null]");
  CHECK(Value{Reading{"a", {1, 2.5}, 3}}.to_json() == "[\"a\",[1.0,2.5],3]");
  CHECK(Value{std::vector<bool>{true, false}}.to_json() == "[true,false]");

  CHECK(there_and_back(Reading{"ä\u20ac\U0001f41f", {0.1, -0.0}, std::nullopt}) ==
        Reading{"ä\u20ac\U0001f41f", {0.1, -0.0}, std::nullopt});
  CHECK(there_and_back(std::list<std::set<std::string>>{{"b", "a"}, {}}) == std::list<std::set<std::string>>{{"a", "b"}, {}});
  CHECK(there_and_back(std::array<float, 2>{0.1F, 2}) == std::array<float, 2>{0.1F, 2});
  CHECK(there_and_back(std::pair{std::uint8_t{255}, std::numeric_limits<std::int64_t>::min()}) ==
        std::pair{std::uint8_t{255}, std::numeric_limits<std::int64_t>::min()});
}

TEST_CASE("doubles come back exactly, and those that are no numbers, too", "[value]") {
  for (const double number : {0.1, 1.0 / 3, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 123456789012345680.0, -0.0,
                              9007199254740993.0, 8.5e-45, 1e22, 1e23, 4.35, 0.000001, 123e-7}) {
    const double back = there_and_back(number);
    CHECK(back == number);
    CHECK(std::signbit(back) == std::signbit(number));
  }
  CHECK(std::isnan(there_and_back(std::nan(""))));
  CHECK(there_and_back(-std::numeric_limits<double>::infinity()) == -std::numeric_limits<double>::infinity());
  CHECK(Value::from_json("[NaN,Infinity]").to_json() == "[NaN,Infinity]");
}

TEST_CASE("numbers are compared by what they are worth", "[value]") {
  CHECK(Value{2} == Value{2.0});
  CHECK_FALSE(Value{2} == Value{2.5});
  CHECK_FALSE(Value{1} == Value{true});
  CHECK_FALSE(Value{std::nan("")} == Value{std::nan("")});
  CHECK_FALSE(Value{std::numeric_limits<std::int64_t>::max()} == Value{9223372036854775808.0});
  CHECK(Value{std::vector{1, 2}} == Value{std::tuple{1.0, 2}});
  CHECK(Value::from_json(R"({"b":1,"a":[]})") == Value::from_json(R"( { "a" : [ ] , "b" : 1 } )"));
}

TEST_CASE("a value that is something else says where, and what was wanted", "[value]") {
  const Value value = Value::from_json(R"([1,{"x":[2.5,"eel"]}])");
  CHECK(value[1]["x"][0].as<double>() == 2.5);
  CHECK(value.find("x") == nullptr);
  CHECK_THROWS_WITH((value.as<std::tuple<int, std::map<std::string, std::vector<int>>>>()),
                    "the value at [1][\"x\"][0] is a number, where a whole number is wanted");
  CHECK_THROWS_WITH(value.as<std::vector<int>>(), "the value at [1] is an object, where a whole number is wanted");
  CHECK_THROWS_WITH((value.as<std::tuple<int, int, int>>()), "the array has 2 values, where 3 are wanted");
  CHECK_THROWS_WITH(value["y"], Contains("an array, where an object is wanted"));
  CHECK_THROWS_WITH(value[1]["y"], Contains("none named \"y\""));
  CHECK_THROWS_WITH(value[2], Contains("none at [2]"));
  CHECK_THROWS_WITH(Value{300}.as<std::uint8_t>(), "the value is 300, where a whole number from 0 to 255 is wanted");
  CHECK_THROWS_WITH(Value{-1}.as<std::uint64_t>(), Contains("from 0 to 18446744073709551615"));
  CHECK_THROWS_AS(Value{true}.as<int>(), CodecError);
  CHECK_THROWS_AS(Value{1}.as<bool>(), CodecError);
  CHECK_THROWS_AS(Value{}.as<std::string>(), CodecError);
  CHECK(Value{1}.as<double>() == 1);
}

TEST_CASE("what no value can be is refused with a reason", "[value]") {
  CHECK_THROWS_WITH(Value{std::numeric_limits<std::uint64_t>::max()}, Contains("18446744073709551615 is beyond the whole numbers"));
  CHECK_THROWS_WITH(Value{"\xff"}.to_json(), Contains("no UTF-8 at byte 0"));
  CHECK_THROWS_WITH((Value{std::map<std::string, int>{{"a\xc3", 1}}}.to_json()), Contains("no UTF-8 at byte 1"));
  Value deep = 1;
  for (int i = 0; i < Value::deepest; ++i) deep = Value::Array{deep};
  CHECK(Value::from_json(deep.to_json()) == deep);
  CHECK_THROWS_WITH((Value{Value::Array{deep}}.to_json()), Contains("too deeply"));
}

TEST_CASE("a text that is no value is refused at the byte where it is wrong", "[value]") {
  CHECK_THAT(json_error(""), Contains("at byte 0"));
  CHECK_THAT(json_error("[1,]"), Contains("at byte 3"));
  CHECK_THAT(json_error("[1 2]"), Contains("at byte 3: an array goes on"));
  CHECK_THAT(json_error("1 2"), Contains("at byte 2: something follows"));
  CHECK_THAT(json_error("9223372036854775808"), Contains("more than 63 bits"));
  CHECK_THAT(json_error("1e400"), Contains("too large"));
  CHECK_THAT(json_error("01"), Contains("a 0 that says nothing"));
  CHECK_THAT(json_error("\"\\ud800\""), Contains("half of a character"));
  CHECK_THAT(json_error("\"\\ud800\\u0041\""), Contains("half of a character"));
  CHECK_THAT(json_error("\"\\udc00\""), Contains("half of a character"));
  CHECK_THAT(json_error("\"\xed\xa0\x80\""), Contains("no UTF-8"));
  CHECK_THAT(json_error("\"\xc0\xaf\""), Contains("no UTF-8"));
  CHECK_THAT(json_error("\"a\nb\""), Contains("control character"));
  CHECK_THAT(json_error("\"\\x\""), Contains("stand for nothing"));
  CHECK_THAT(json_error("\"\\u12g4\""), Contains("four hexadecimal digits"));
  CHECK_THAT(json_error("\"\\u12"), Contains("four hexadecimal digits"));
  CHECK_THAT(json_error("\"abc"), Contains("has no end"));
  CHECK_THAT(json_error("\"abc\\"), Contains("has no end"));
  CHECK_THAT(json_error(R"({"a":1,"a":2})"), Contains("at byte 7: an object has this name twice"));
  CHECK_THAT(json_error("{1:2}"), Contains("a name in an object is a text"));
  CHECK_THAT(json_error("{\"a\" 2}"), Contains("followed by ':'"));
  for (const char* text : {"nul", "+1", "1.", ".5", "1e", "-", "--1", "nan", "'a'", "[", "{", "{\"a\":", "tru", "0x10", "-NaN"})
    CHECK_FALSE(json_error(text).empty());
  CHECK_THAT(json_error(std::string(100'000, '[')), Contains("more than 200 deep"));
  CHECK(Value::from_json("\"\\ud83d\\udc1f\\/\\b\\u00e4\"").as<std::string>() == "\U0001f41f/\bä");
  CHECK(Value::from_json(" \r\n\t-0 ").as<int>() == 0);
}

TEST_CASE("a value travels as its text, and false bytes are a codec error", "[value]") {
  const Value value = Value::from_json(R"({"a":[1,2.5,"x",null,true]})");
  const mw::Bytes bytes = mw::encode(value);
  CHECK(mw::decode<Value>(bytes.span()) == value);
  CHECK(mw::decode<std::string>(bytes.span()) == value.to_json());
  CHECK_THROWS_AS(mw::decode<Value>(mw::encode(std::string{"[1"}).span()), CodecError);
}
