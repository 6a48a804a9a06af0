// Templates for workunits: their names, and what is read out of one that somebody has written.
#include <catch2/catch.hpp>

#include <string>

#include "boinc/protocol/xml.hpp"
#include "boinc/setup/templates.hpp"

using namespace mw::boinc;

namespace {

TemplateFacts facts_in(const std::string& content) {
  return read_input_template("<input_template>" + content + "</input_template>");
}

}  // namespace

TEST_CASE("there is a template for each number of data files, and one for the output", "[boinc][setup]") {
  CHECK(input_template_name("pi", 0) == "pi_in");
  CHECK(input_template_name("pi", 3) == "pi_in_3");
  CHECK(input_template_path("pi", 0) == "templates/pi_in");
  CHECK(input_template_path("pi", 9) == "templates/pi_in_9");
  CHECK(output_template_name("pi") == "pi_out");
  CHECK(output_template_path("pi") == "templates/pi_out");
}

TEST_CASE("what is written into a template is read out of it", "[boinc][setup]") {
  const Copies copies{2, 3, 4, 20, 9};
  for (std::size_t files = 0; files <= most_data_files; ++files) {
    const TemplateFacts facts = read_input_template(input_template(files, copies));
    CHECK(facts.files == files + 1);
    CHECK(facts.copies == copies);
    CHECK(facts.is_readable);
  }
}

TEST_CASE("a workunit's files are the bundle, then the data files, under the names that a worker opens", "[boinc][setup]") {
  const Document document = parse_document(input_template(2, {}), "input_template");
  std::string names;
  for (const pugi::xml_node& file : document.root.child("workunit").children("file_ref")) names += text_in(file, "open_name") + " ";
  CHECK(names == "in data_0 data_1 ");
  std::string kept;  // the bundle goes with its workunit, what others share does not
  for (const pugi::xml_node& file : document.root.children("file_info")) kept += file.child("no_delete") ? "kept " : "deleted ";
  CHECK(kept == "deleted kept kept ");
}

TEST_CASE("a template may say any number of copies, and what is no such number counts as nothing", "[boinc][setup]") {
  const auto quorum = [](const std::string& text) {
    return facts_in("<workunit><min_quorum>" + text + "</min_quorum></workunit>").copies.quorum;
  };
  CHECK(quorum("2") == 2);
  CHECK(quorum(" 2 ") == 2);
  CHECK(quorum("1000000") == 1'000'000);
  CHECK(quorum("9000000000") == 1'000'000);
  for (const char* text : {"", "-1", "two", "1e300", "-1e300", "nan", "inf"}) CHECK(quorum(text) == 0);
  CHECK(facts_in("<min_quorum>2</min_quorum>").copies == Copies{});  // it stands in no workunit
}

TEST_CASE("what is no input template is refused", "[boinc][setup]") {
  for (const std::string text : {"", "<", "eels", "<input_template>", "<input_template><file_info></input_template>",
                                 "<input_templates></input_templates>", "<output_template></output_template>"})
    CHECK_THROWS_AS(read_input_template(text), BadMessage);
  CHECK(facts_in("").files == 0);
}
