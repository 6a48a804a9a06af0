// The remote submission RPC, message by message: replies as a real server (1.6.2) gives them, and bytes that make no
// sense.
#include <catch2/catch.hpp>

#include "boinc/protocol/submit_rpc.hpp"
#include "boinc/setup/templates.hpp"

using namespace mw::boinc;
namespace rpc = mw::boinc::submit_rpc;

namespace {

const std::string key = "0123456789abcdef0123456789abcdef";
// PHP's notices come before the root element, and may look like XML.
const std::string junk =
    "\n<br />\n<b>Deprecated</b>: Creation of dynamic property in <b>db.inc</b> on line <b>42</b><br />\n<?xml version=\"1.0\"?>\n";

std::string refusal_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const rpc::Refusal& e) {
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("every request has its name and the key", "[boinc][submit]") {
  const auto text = GENERATE(
      as<std::string>{}, rpc::get_templates_request(key, "pi"), rpc::create_batch_request(key, "pi", "b"),
      rpc::query_batch_request(key, "b"), rpc::query_jobs_request(key, {"b"}, 0), rpc::query_completed_job_request(key, "j"),
      rpc::abort_jobs_request(key, {"j"}), rpc::abort_batch_request(key, "b"), rpc::retire_batch_request(key, "b"),
      rpc::query_files_request(key, {"f"}), rpc::upload_files_request(key, {"f"}, 1), rpc::submit_batch_request(key, {}));
  const std::string name = text.substr(1, text.find('>') - 1);
  const Document document = parse_document(text, name.c_str());
  CHECK(text_in(document.root, "authenticator") == key);
}

TEST_CASE("a submission names its jobs, their files and both forms of the template", "[boinc][submit]") {
  const std::string text = rpc::submit_batch_request(key, {.app = "pi",
                                                           .batch = 7,
                                                           .input_template = "pi_in_1",
                                                           .output_template = "pi_out",
                                                           .operations = 1e12,
                                                           .operations_bound = 1e15,
                                                           .delay_bound_s = 60,
                                                           .jobs = {{"j1", 2, {"j1_in", "data"}}, {"j<2>", -1, {"j2_in"}}}});
  const Document document = parse_document(text, "submit_batch");
  const pugi::xml_node batch = document.root.child("batch");
  CHECK(integer_in(batch, "batch_id") == 7);
  CHECK(text_in(batch, "workunit_template_file") == "pi_in_1");
  CHECK(text_in(batch, "input_template_filename") == "pi_in_1");
  CHECK(number_in(batch.child("job_params"), "rsc_fpops_bound") == 1e15);
  CHECK(integer_in(batch.child("job_params"), "delay_bound") == 60);
  std::vector<std::string> jobs;
  for (const pugi::xml_node& job : batch.children("job")) jobs.push_back(text_in(job, "name"));
  CHECK(jobs == std::vector<std::string>{"j1", "j<2>"});
  std::vector<std::string> files;
  for (const pugi::xml_node& file : batch.child("job").children("input_file")) {
    CHECK(text_in(file, "mode") == "local_staged");
    files.push_back(text_in(file, "source"));
  }
  CHECK(files == std::vector<std::string>{"j1_in", "data"});
}

TEST_CASE("replies are read behind PHP's notices", "[boinc][submit]") {
  CHECK(rpc::parse_batch_id(junk + "<create_batch>\n<batch_id>12</batch_id>\n</create_batch>\n", "create_batch") == 12);
  const auto absent = rpc::parse_absent_files(
      junk + "<query_files>\n<absent_files>\n<file>0</file>\n<file>2</file>\n</absent_files>\n</query_files>", 3);
  CHECK(absent == std::vector<std::size_t>{0, 2});
  CHECK(rpc::parse_absent_files("<query_files><absent_files></absent_files></query_files>", 0).empty());
  const auto states = rpc::parse_query_jobs(
      junk +
      "<query_batch2>\n<server_time>1795283079.5</server_time>\n   <batch_size>4</batch_size>\n"
      "    <job>\n        <job_name>a</job_name>\n        <status>DONE</status>\n    </job>\n"
      "    <job><job_name>b</job_name><status>ERROR</status></job><job><job_name>c</job_name><status>IN_PROGRESS</status></job>\n"
      "    <job><job_name>d</job_name><status>UNSENT</status></job></query_batch2>\n");
  CHECK(states.server_time == 1795283079.5);
  const std::vector<std::pair<std::string, rpc::JobState>> expected{
      {"a", rpc::JobState::done}, {"b", rpc::JobState::error}, {"c", rpc::JobState::in_progress}, {"d", rpc::JobState::unsent}};
  CHECK(states.jobs == expected);
  const auto batch = rpc::parse_query_batch("<query_batch><id>3</id><njobs>20</njobs><state>1</state></query_batch>");
  CHECK(batch.id == 3);
  CHECK(batch.jobs == 20);
  CHECK(batch.is_submitted);
  CHECK(rpc::parse_completed_job(
            "<query_completed_job><completed_job><error_mask>16</error_mask></completed_job></query_completed_job>") ==
        "it was cancelled (error mask 16)");
  // abort_jobs has elements without an end.
  CHECK_NOTHROW(
      rpc::parse_reply("<abort_jobs>\n<aborted pi_1>\n<aborted pi_2>\n<success>1</success>\n</abort_jobs>", "abort_jobs"));
}

TEST_CASE("PHP's warnings and its death inside an answer are told from it", "[boinc][submit]") {
  const std::string warning =
      "<br />\n<b>Warning</b>:  mkdir(): Permission denied in <b>PROJECT/html/inc/dir_hier.inc</b> on line <b>32</b><br />\n";
  const std::string death =
      "<br />\n<b>Fatal error</b>:  Uncaught mysqli_sql_exception: Duplicate entry 'f' for key 'jf_name' in "
      "PROJECT/html/inc/db_conn.inc:66\nStack trace:\n#0 PROJECT/html/inc/db_conn.inc(66): mysqli-&gt;query()\n#5 {main}\n  thrown "
      "in "
      "<b>PROJECT/html/inc/db_conn.inc</b> on line <b>66</b><br />\n";
  CHECK(rpc::parse_absent_files("<query_files>\n" + warning +
                                    "failed to mkdir: PROJECT/html/inc/../../download/3f4\n<absent_files>\n<file>0</file>\n"
                                    "</absent_files>\n        </query_files>\n    ",
                                1) == std::vector<std::size_t>{0});
  // As a real server answers when no copy was computed: the mask is there, the rest is not.
  CHECK(rpc::parse_completed_job("<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<query_completed_job>\n<completed_job>\n   "
                                 "<error_mask>8</error_mask>\n" +
                                 warning + death) ==
        "as many copies of it were made as the project allows, and they do not suffice (error mask 8)");
  CHECK_THROWS_AS(rpc::parse_completed_job("<query_completed_job>\n<completed_job>\n   <error_mask>8"), BadMessage);
  CHECK_THROWS_WITH(
      rpc::parse_reply("<upload_files>\n" + death, "upload_files"),
      "what answers upload_files there broke down: Uncaught mysqli_sql_exception: Duplicate entry 'f' for key 'jf_name' in "
      "PROJECT/html/inc/db_conn.inc:66");
  // An answer that was cut off in the middle of a notice, anywhere.
  for (std::size_t length = 0; length < death.size(); ++length)
    CHECK_THROWS_AS(rpc::parse_batch_id("R" + death.substr(0, length), "submit_batch"), mw::Error);
  CHECK_THROWS_AS(rpc::parse_batch_id("R<br />\n<b>Strict Standards", "submit_batch"), BadMessage);
}

TEST_CASE("an error inside a reply is a refusal in the project's words", "[boinc][submit]") {
  const auto error = [](const std::string& name, const std::string& message) {
    return junk + "<" + name + ">\n<error>\n<error_num>-1</error_num>\n<error_msg>" + message + "</error_msg>\n</error>\n</" +
           name + ">\n";
  };
  CHECK(refusal_of([&] { rpc::parse_batch_id(error("submit_batch", "bad authenticator"), "submit_batch"); }) ==
        "bad authenticator (error -1)");
  // What a tool said goes in as it is.
  CHECK(refusal_of([&] { rpc::parse_batch_id(error("submit_batch", "create_work failed: Can't parse <x"), "submit_batch"); }) ==
        "create_work failed: Can't parse <x");
  // One before the root element, when the project is stopped.
  CHECK(refusal_of([&] {
          rpc::parse_query_jobs("<error><error_num>-183</error_num><error_msg>Project is temporarily offline</error_msg></error>");
        }) == "Project is temporarily offline");
  // One without a number is a notice.
  CHECK(rpc::parse_batch_id("<submit_batch><error>Undefined index</error><batch_id>1</batch_id></submit_batch>", "submit_batch") ==
        1);
}

TEST_CASE("what is no reply is refused", "[boinc][submit]") {
  for (const char* rubbish :
       {"", "<", "<submit_batch>", "<html>Not found</html>", "<submit_batch></submit_batch>",
        "<submit_batch><batch_id>-3</batch_id></submit_batch>", "<submit_batch><batch_id>x</batch_id></submit_batch>"})
    CHECK_THROWS_AS(rpc::parse_batch_id(rubbish, "submit_batch"), BadMessage);
  for (const char* file : {"-1", "3", "x", "99999999999999999999"})
    CHECK_THROWS_AS(rpc::parse_absent_files(
                        "<query_files><absent_files><file>" + std::string{file} + "</file></absent_files></query_files>", 3),
                    BadMessage);
  CHECK_THROWS_AS(rpc::parse_absent_files("<query_files></query_files>", 3), BadMessage);
  CHECK_THROWS_AS(rpc::parse_query_jobs("<query_batch2><job><status>DONE</status></job></query_batch2>"), BadMessage);
}

TEST_CASE("account keys are letters and digits", "[boinc][submit]") {
  CHECK(rpc::is_key(key));
  for (const std::string& bad : {std::string{}, std::string{"short"}, key + "\n", key + "&x=", std::string(256, 'a')})
    CHECK_FALSE(rpc::is_key(bad));
}

TEST_CASE("flags in templates have the forms that BOINC's client takes", "[boinc][submit]") {
  // XML_PARSER::parse_bool: <x/> or <x>1</x>; what it does not know, it looks for an end of, and does not find it here.
  const std::string in = input_template(9, std::nullopt);
  CHECK(in.find("></no_delete>") == std::string::npos);
  CHECK(in.find(" />") == std::string::npos);
  std::size_t flags = 0;
  for (auto at = in.find("<no_delete/>"); at != std::string::npos; at = in.find("<no_delete/>", at + 1)) ++flags;
  CHECK(flags == 9);
  CHECK(read_input_template(in).is_readable);
  CHECK(read_input_template(in).files == 10);
  CHECK(read_input_template("<input_template><file_info><no_delete>1</no_delete></file_info></input_template>").is_readable);
  for (const char* bad : {"<no_delete></no_delete>", "<no_delete />", "<gzip></gzip>"})
    CHECK_FALSE(
        read_input_template("<input_template><file_info>" + std::string{bad} + "</file_info></input_template>").is_readable);
}

TEST_CASE("how many copies there may be follows from what is said", "[boinc][submit]") {
  CHECK(completed({}) == Copies{1, 1, 3, 10, 6});
  CHECK(completed({.quorum = 2}) == Copies{2, 2, 3, 10, 6});
  CHECK(completed({.quorum = 2, .max_errors = 7}) == Copies{2, 2, 7, 14, 6});
  CHECK(completed({.quorum = 5}) == Copies{5, 5, 3, 14, 10});
  CHECK(completed({.quorum = 100}).max_total == 100);
}

TEST_CASE("templates have the form that BOINC's tools look for", "[boinc][submit]") {
  const std::string in = input_template(2, completed({.quorum = 2, .target = 3}));
  CHECK(in.find("<file_info></file_info>") != std::string::npos);  // the self-closed form is not counted
  CHECK(read_input_template(in).files == 3);
  CHECK(read_input_template(in).copies == Copies{2, 3, 3, 10, 6});
  CHECK(in.find("<target_nresults>3</target_nresults>") != std::string::npos);
  const std::string unsaid = input_template(0, std::nullopt);
  for (const char* count : {"quorum", "results"}) CHECK(unsaid.find(count) == std::string::npos);  // or they would beat the options
  CHECK(read_input_template(unsaid).copies == Copies{});
  const std::string out = output_template(1000, true);
  for (const char* part : {"<OUTFILE_0/>", "<UPLOAD_URL/>", "<result>\n", "<no_delete/>", "<max_nbytes>1000</max_nbytes>",
                           "<open_name>out</open_name>"})
    CHECK(out.find(part) != std::string::npos);
  CHECK(output_template(1000, false).find("no_delete") == std::string::npos);
}
