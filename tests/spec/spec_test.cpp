// How an interface is written, and what is said of one that is not written so.
#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <mw/error.hpp>

#include "spec/spec.hpp"
#include "support/errors.hpp"

using namespace mw::spec;
using namespace std::chrono_literals;

namespace {

enum class Colour { red, green };

struct Options {
  std::string folder;
  unsigned copies = 1;
  std::chrono::milliseconds pause{0};
  std::chrono::seconds limit{0};
  Colour colour = Colour::red;
};

const Table<Options>& table() {
  static const Table<Options> options{text<&Options::folder>("folder", "a folder"), number<&Options::copies>("copies", 1, 9),
                                      seconds<&Options::pause>("pause_s", 0, 10), seconds<&Options::limit>("limit_s"),
                                      one_of<&Options::colour>("colour", {{"red", Colour::red}, {"green", Colour::green}})};
  return options;
}

Options read(std::string_view text) {
  Options options;
  Spec{"paint", text, "paint[:N][?…]"}.read(options, table());
  return options;
}
std::string why(std::string_view text) {
  return test::usage_error([&] {
    static_cast<void>(Spec{"paint", text, "paint[:N][?…]"}.count(8, "brushes"));
    static_cast<void>(read(text));
  });
}

}  // namespace

TEST_CASE("an interface is a name, perhaps a number, perhaps options", "[spec]") {
  CHECK(name_of("paint") == "paint");
  CHECK(name_of("paint:4?a=b") == "paint");
  CHECK(name_of("paint?a=b:4") == "paint");
  const Spec whole{"paint", ":4?copies=2", ""};
  CHECK(whole.number() == "4");
  CHECK(whole.options() == "copies=2");
  CHECK(whole.count(8) == 4u);
  const Spec bare{"paint", "", ""};
  CHECK_FALSE(bare.number());
  CHECK_FALSE(bare.options());
  CHECK_FALSE(bare.count(8));
  const Spec colon{"paint", ":?folder=/a:b?c", ""};
  CHECK(colon.number() == "");
  CHECK(colon.options() == "folder=/a:b?c");
  CHECK_FALSE(colon.count(8));
}

TEST_CASE("a number of workers that is given besides goes where it belongs, once", "[spec]") {
  CHECK(with_count("paint", 4) == "paint:4");
  CHECK(with_count("paint:", 4) == "paint:4");
  CHECK(with_count("paint:4", 4) == "paint:4");
  CHECK(with_count("paint?a=b:3", 4) == "paint:4?a=b:3");
  CHECK(with_count("paint:?a=b", 4) == "paint:4?a=b");
  CHECK_FALSE(with_count("paint:3", 4));
  CHECK_FALSE(with_count("paint:x?a=b", 4));
}

TEST_CASE("options go into their members, whatever their values hold but '&'", "[spec]") {
  const Options options = read("?folder=/a=b?c:d&copies=3&pause_s=0.25&limit_s=1.5&colour=green");
  CHECK(options.folder == "/a=b?c:d");
  CHECK(options.copies == 3);
  CHECK(options.pause == 250ms);
  CHECK(options.limit == 1s);
  CHECK(options.colour == Colour::green);
  CHECK(read("?copies=3&copies=4").copies == 4);
}

TEST_CASE("what is wrong is said in one form: what was given, why it is not taken, and what is", "[spec]") {
  CHECK(why(":0") == "interface \"paint:0\": what follows the ':' is the number of brushes, 1 to 8; the form is paint[:N][?…]");
  CHECK(why("?copies=10") ==
        "interface \"paint?copies=10\": \"10\" is no value for copies, which is a number, 1 to 9; the form is paint[:N][?…]");
  for (const char* text : {":9", ":x", ":-1", ":1x", ":+1", ":99999999999"}) CHECK(why(text).find("brushes") != std::string::npos);
  for (const char* text : {"?size=3", "?=3", "?&copies=3", "?copies=3&&"})
    CHECK(why(text).find("there is no option") != std::string::npos);
  CHECK(why("?colour=blue").find("\"blue\" is no value for colour, which is red or green") != std::string::npos);
  CHECK(why("?pause_s=0.0001").find("which is seconds, 0.001 to 10") != std::string::npos);
  for (const char* text : {"?folder=", "?folder", "?copies=", "?copies=1.5", "?pause_s=nan", "?pause_s=11", "?pause_s=-1",
                           "?limit_s=0.5", "?limit_s=1e10", "?colour=Red"})
    CHECK(why(text).find("is no value for") != std::string::npos);
}

TEST_CASE("a + begins a member before options, and within options where the name of an interface is behind it", "[spec]") {
  using List = std::vector<std::string_view>;
  constexpr std::array<std::string_view, 2> names{"paint", "ink"};
  const auto members = [&](std::string_view text) { return members_of(text, names); };
  CHECK(members("paint:2") == List{"paint:2"});
  CHECK(members("") == List{""});
  CHECK(members("paint:2+ink") == List{"paint:2", "ink"});
  CHECK(members("paint:2+oil:3") == List{"paint:2", "oil:3"});  // a name that is wrong, not a number
  CHECK(members("paint?a=b+c+ink:3+paint") == List{"paint?a=b+c", "ink:3", "paint"});
  CHECK(members("paint:a=b+ink?x=1+y") == List{"paint:a=b", "ink?x=1+y"});
  CHECK(members("paint:a=/my+ink/b+inks+ink.key&c=+ink_") == List{"paint:a=/my+ink/b+inks+ink.key&c=+ink_"});
  CHECK(members("paint:a=b+ink") == List{"paint:a=b", "ink"});
  CHECK(members("paint:a=b+ink&c=d") == List{"paint:a=b+ink&c=d"});
  CHECK(members("paint:a=b+ink+ink") == List{"paint:a=b", "ink", "ink"});
  CHECK(members("+") == List{"", ""});
  CHECK(members("ink++ink+") == List{"ink", "", "ink", ""});
}
