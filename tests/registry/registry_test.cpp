// Functions by name.
#include <catch2/catch.hpp>

#include <mw/mw.hpp>

#include <map>
#include <memory>
#include <unordered_map>

#include "registry/readable.hpp"
#include "registry/registry.hpp"

namespace registry_test {

int triple(int x) { return 3 * x; }
double triple_of(double x) { return 3 * x; }
std::string shout(const std::string& text) { return text + "!"; }
template <class T>
T half(T x) {
  return x / 2;
}

// What two translation units with a function of one name in unnamed namespaces would register.
struct Single {};
struct Twin {};
const mw::detail::FunctionEntry single{typeid(Single), typeid(int), nullptr, nullptr};
const mw::detail::FunctionEntry twin{typeid(Twin), typeid(int), nullptr, nullptr};
const mw::detail::FunctionEntry other_twin{typeid(Twin), typeid(int), nullptr, nullptr};

}  // namespace registry_test

using mw::detail::Registered;

TEST_CASE("a function is registered by being named, and called with bytes", "[registry]") {
  const auto& entry = Registered<registry_test::triple>::checked();
  CHECK(entry.name() == "registry_test::triple(int)");
  REQUIRE(mw::registry::find(entry.id()) == &entry);
  CHECK(mw::decode<int>(entry.call(mw::encode(14).span()).span()) == 42);
}

TEST_CASE("names tell signatures and template arguments apart", "[registry]") {
  const auto& a = Registered<registry_test::half<int>>::checked();
  const auto& b = Registered<registry_test::half<double>>::checked();
  CHECK(a.id() != b.id());
  CHECK(std::string{a.name()}.find("registry_test::half<int>(int)") != std::string::npos);
  CHECK(Registered<registry_test::triple_of>::checked().name() == "registry_test::triple_of(double)");
}

TEST_CASE("names are as people write them", "[registry]") {
  CHECK(Registered<registry_test::shout>::checked().name() == "registry_test::shout(std::string const&)");
  CHECK(std::string{Registered<[](int x) { return x; }>::checked().name()}.find("{}") == std::string::npos);
}

TEST_CASE("lambdas of one function are told apart", "[registry]") {
  const auto& a = Registered<[](int x) { return x + 1; }>::checked();
  const auto& b = Registered<[](int x) { return x + 2; }>::checked();
  CHECK(mw::decode<int>(a.call(mw::encode(1).span()).span()) == 2);
  CHECK(mw::decode<int>(b.call(mw::encode(1).span()).span()) == 3);
}

TEST_CASE("an unknown number is no function", "[registry][S4]") { CHECK(mw::registry::find(12345) == nullptr); }

TEST_CASE("arguments that do not decode are an error of their own", "[registry][S4]") {
  const auto& entry = Registered<registry_test::triple>::checked();
  CHECK_THROWS_AS(entry.call(mw::encode(std::int8_t{1}).span()), mw::detail::ArgumentsError);
  CHECK_THROWS_AS(entry.call(mw::encode(1, 2).span()), mw::detail::ArgumentsError);
}

TEST_CASE("two functions of one name are refused when one is asked for", "[registry]") {
  CHECK(&mw::detail::check_unambiguous(registry_test::single) == &registry_test::single);
  CHECK_THROWS_AS(mw::detail::check_unambiguous(registry_test::twin), mw::UsageError);
  CHECK_THROWS_AS(mw::detail::check_unambiguous(registry_test::other_twin), mw::UsageError);
}

namespace registry_test {
struct Late {};
int late(int x) { return x; }
}  // namespace registry_test

TEST_CASE("a function that comes with a library after mw::init changes no identity, and is refused with the reason", "[registry]") {
  const auto identity = mw::registry::program_identity();
  // What loading the library does.
  static const mw::detail::FunctionEntry entry{typeid(mw::detail::Tag<registry_test::late>), typeid(int), nullptr, nullptr};
  CHECK(mw::registry::program_identity() == identity);
  CHECK(mw::registry::find(entry.id()) == &entry);
  CHECK_THROWS_WITH(mw::detail::check_unambiguous(entry),
                    Catch::Contains("registry_test::late(int)") && Catch::Contains("loaded after mw::init"));
}

namespace registry_test {
std::vector<std::string> words(const std::vector<std::string>& list, std::map<std::string, double>) { return list; }
template <class T>
std::vector<T> twice(std::vector<T> list, std::unordered_map<int, T>) {
  return list;
}
int sum(int a, int b) { return a + b; }
}  // namespace registry_test

TEST_CASE("names have no default template arguments, whatever the parameters repeat", "[registry]") {
  CHECK(Registered<registry_test::words>::checked().name() ==
        "registry_test::words(std::vector<std::string> const&, std::map<std::string, double>)");
  CHECK(Registered<registry_test::twice<int>>::checked().name() ==
        "registry_test::twice<int>(std::vector<int>, std::unordered_map<int, int>)");
  CHECK(mw::registry::readable_type(typeid(std::map<std::string, std::vector<std::string>>)) ==
        "std::map<std::string, std::vector<std::string>>");
  CHECK(mw::registry::readable_type(typeid(std::unique_ptr<int>)) == "std::unique_ptr<int>");
}

TEST_CASE("the chunks of a map are named after its function", "[registry]") {
  using mw::detail::MapChunk;
  using mw::detail::ReduceChunk;
  CHECK(Registered<&MapChunk<registry_test::triple>::run>::checked().name() == "map of registry_test::triple(int)");
  CHECK(Registered<&MapChunk<registry_test::half<int>>::run>::checked().name() == "map of registry_test::half<int>(int)");
  CHECK(Registered<&ReduceChunk<registry_test::triple, registry_test::sum>::run>::checked().name() ==
        "map_reduce of registry_test::triple(int)");
  const std::string of_lambda{Registered<&MapChunk<[](int x) { return x; }>::run>::checked().name()};
  CHECK(of_lambda.find("map of ") == 0);
  CHECK(of_lambda.find("mw::") == std::string::npos);
}

TEST_CASE("a function that workers know by name has one entry for each name and type, and is not registered", "[registry]") {
  using mw::detail::by_name_id;
  const std::uint64_t identity = mw::registry::program_identity();
  const auto& eel = mw::detail::entry_by_name(by_name_id, "eel", typeid(int), nullptr);
  CHECK(&eel == &mw::detail::entry_by_name(by_name_id, std::string{"eel"}, typeid(int), nullptr));
  CHECK(&eel != &mw::detail::entry_by_name(by_name_id, "eel", typeid(double), nullptr));
  CHECK(&eel != &mw::detail::entry_by_name(mw::detail::map_by_name_id, "eel", typeid(int), nullptr));
  CHECK(eel.number() != mw::detail::entry_by_name(by_name_id, "cod", typeid(int), nullptr).number());
  CHECK(eel.name() == "eel");
  CHECK(eel.id() == by_name_id);
  CHECK(mw::registry::find(by_name_id) == nullptr);
  CHECK(mw::registry::program_identity() == identity);
  CHECK_THROWS_AS(mw::detail::entry_by_name(by_name_id, "", typeid(int), nullptr), mw::UsageError);
  CHECK(mw::registry::refusal_by_name(mw::encode(std::string{"eel"}, std::string{"[]"}).span()).find("\"eel\"") !=
        std::string::npos);
  CHECK(mw::registry::refusal_by_name({}).find("\"?\"") != std::string::npos);
}
