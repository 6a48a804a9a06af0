// BOINC's protocol: both ends of each message, signatures, and bytes that make no sense.
#include <catch2/catch.hpp>

#include "boinc/protocol/md5.hpp"
#include "boinc/protocol/scheduler_reply.hpp"
#include "boinc/protocol/scheduler_request.hpp"
#include "boinc/protocol/signing.hpp"
#include "boinc/protocol/upload.hpp"
#include "boinc/protocol/xml.hpp"

using namespace mw::boinc;

TEST_CASE("MD5 is RFC 1321's", "[boinc][protocol]") {
  CHECK(md5_hex("") == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(md5_hex("message digest") == "f96b697d7cb7938d525a2f31aaf161d0");
  CHECK(is_md5(md5_hex("x")));
  CHECK_FALSE(is_md5("D41D8CD98F00B204E9800998ECF8427E"));
  CHECK(random_hex(16) != random_hex(16));
}

TEST_CASE("what one key signs its public half verifies, and no other", "[boinc][protocol][S5]") {
  const SigningKey key = SigningKey::generate(), other = SigningKey::generate();
  const std::string md5 = md5_hex("the program");
  const std::string signature = key.sign(md5);
  const VerifyingKey check{key.public_text()};
  CHECK(check.verify(md5, signature));
  CHECK_FALSE(check.verify(md5_hex("another program"), signature));
  CHECK_FALSE(VerifyingKey{other.public_text()}.verify(md5, signature));
  // The client takes the last line end off; BOINC's own text may have more white space.
  CHECK(check.verify(md5, "\n  " + signature.substr(0, signature.size() - 1)));
  for (const char* rubbish : {"", ".", "zz", "0", "00", "1024"}) CHECK_FALSE(check.verify(md5, rubbish));
  std::string flipped = signature;
  flipped[10] = flipped[10] == '0' ? '1' : '0';
  CHECK_FALSE(check.verify(md5, flipped));
  CHECK(SigningKey{key.private_text()}.sign(md5) == signature);
}

TEST_CASE("keys have BOINC's text form", "[boinc][protocol]") {
  const SigningKey key = SigningKey::generate();
  const auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
  CHECK(key.public_text().starts_with("1024\n"));
  CHECK(lines(key.public_text()) == 10);
  CHECK(lines(key.private_text()) == 24);
  CHECK(key.public_text().ends_with(".\n"));
  for (const char* rubbish : {"", "1024", "1024\n.\n", "512\n00\n.\n", "1024\nxyz\n.\n"}) {
    CHECK_THROWS_AS(VerifyingKey{rubbish}, mw::InterfaceError);
    CHECK_THROWS_AS(SigningKey{rubbish}, mw::InterfaceError);
  }
}

TEST_CASE("a scheduler request goes there and back", "[boinc][protocol]") {
  SchedulerRequest request;
  request.authenticator = "0123456789abcdef0123456789abcdef";
  request.host_id = 17;
  request.rpc_seqno = 4;
  request.client_version = "7.20.5";
  request.work_req_seconds = 103'680;
  request.cpu_req_instances = 2;
  request.platforms = {"x86_64-pc-linux-gnu", "i686-pc-linux-gnu"};
  request.host = {"cpid", "name <&>", "Linux", "6.1", "AuthenticAMD", "EPYC", 8, 2e9, 8e9, 1e11};
  request.results.push_back({"w_1_0", 0, ClientState::uploaded, 1.5, 2.5, "line\n<&> \"", {{"w_1_0_r1_0", 12, md5_hex("x")}}});
  request.other_results = {"w_2_0", "w_3_0"};
  request.lists_other_results = true;
  request.running = {{"w_2_0", 3, 0.25}};
  const SchedulerRequest again = parse_scheduler_request(to_text(request));
  CHECK(to_text(again) == to_text(request));
  CHECK(again.results.at(0).stderr_text == "line\n<&> \"");
  CHECK(again.host.name == "name <&>");
  CHECK(again.running.at(0).position == 3);
  CHECK(again.wants_work());
}

TEST_CASE("what a task wrote to stderr cannot break the request", "[boinc][protocol]") {
  const std::string text =
      "<scheduler_request>\n<authenticator>a</authenticator>\n<result>\n<name>w_1_0</name>\n<exit_status>7</exit_status>\n"
      "<stderr_out>\n<core_client_version>7.20.5</core_client_version>\n<![CDATA[\n<stderr_txt>\n]]> <b> & \x01 "
      "</result>\n</stderr_txt>\n]]>\n"
      "</stderr_out>\n</result>\n</scheduler_request>\n";
  const SchedulerRequest request = parse_scheduler_request(text);
  REQUIRE(request.results.size() == 1);
  CHECK(request.results[0].exit_status == 7);
  CHECK(request.results[0].stderr_text.find("<b> & \x01") != std::string::npos);
}

TEST_CASE("a scheduler reply goes there and back", "[boinc][protocol]") {
  SchedulerReply reply;
  reply.master_url = "http://127.0.0.1:1/";
  reply.project_name = "p";
  reply.host_id = 3;
  reply.next_rpc_delay_s = 1;
  reply.code_sign_key = SigningKey::generate().public_text();
  reply.app_name = "app";
  reply.files.push_back(
      {.name = "prog", .url = "u", .nbytes = 10, .md5 = md5_hex("p"), .is_executable = true, .signature = "00\n.\n"});
  FileInfo output;
  output.name = "out_0";
  output.is_upload = true;
  output.url = "http://x/file_upload_handler";
  output.max_nbytes = 1e6;
  output.upload_permission = "11\n.\n";
  reply.files.push_back(output);
  reply.app_versions.push_back({"app", 101, "x86_64-pc-linux-gnu", 1e9, {{"prog", "", true}}});
  reply.workunits.push_back({"w_1", "app", 1e9, 1e12, 1e8, 1e8, "--x 1", {{"w_1_in", "in", false}}});
  reply.instances.push_back({"w_1_0", "w_1", 1'800'000'000, "x86_64-pc-linux-gnu", 101, {{"out_0", "out", false}}});
  reply.acknowledged = {"w_0_0"};
  reply.aborted = {"w_9_0"};
  reply.messages.push_back({"hello", true});
  const SchedulerReply again = parse_scheduler_reply("PHP Deprecated: junk\n" + to_text(reply));
  CHECK(to_text(again).size() > 500);
  CHECK(again.files.at(1).is_upload);
  CHECK(again.files.at(1).max_nbytes == 1e6);
  CHECK(again.files.at(0).is_executable);
  CHECK(again.instances.at(0).deadline_s == 1'800'000'000);
  CHECK(again.workunits.at(0).files.at(0).open_name == "in");
  CHECK(again.aborted == reply.aborted);
  CHECK(again.messages.at(0).is_notice);
  // The stock client takes no blank in an empty element.
  CHECK(to_text(reply).find(" />") == std::string::npos);
}

TEST_CASE("an upload's head ends where its bytes begin", "[boinc][protocol]") {
  const UploadHead head{
      .name = "w_1_0_r1_0", .permission = "00\n.\n", .max_nbytes = 1000, .nbytes = 5, .md5 = md5_hex("hello"), .offset = 2};
  const std::string body = to_text(head) + "llo<data>\n";
  const auto end = head_end(body);
  REQUIRE(end);
  CHECK(body.substr(*end) == "llo<data>\n");
  const UploadHead again = parse_upload_head(std::string_view{body}.substr(0, *end));
  CHECK(again.name == head.name);
  CHECK(again.offset == 2);
  CHECK(again.md5 == head.md5);
  CHECK_FALSE(head_end(body.substr(0, *end - 1)));
  const UploadHead question = parse_upload_head(to_text(UploadHead{.name = "f", .asks_size = true, .permission = {}, .md5 = {}}));
  CHECK(question.asks_size);
  CHECK(parse_upload_reply(to_text(UploadReply{UploadStatus::transient, "later", 7})).file_size == 7);
}

TEST_CASE("S6: an upload to anywhere but its own file makes no sense", "[boinc][protocol][S6]") {
  const auto name =
      GENERATE(as<std::string>{}, "../x", "a/b", "/etc/passwd", "..", ".hidden", "", "a b", "x%2e", std::string(300, 'a'));
  UploadHead head{.name = name, .permission = "00", .max_nbytes = 10, .nbytes = 1, .md5 = md5_hex("x"), .offset = 0};
  CHECK_THROWS_AS(parse_upload_head(to_text(head)), BadMessage);
  CHECK_FALSE(is_file_name(name));
}

TEST_CASE("sizes that make no sense are refused", "[boinc][protocol]") {
  const std::string good =
      to_text(UploadHead{.name = "f", .permission = "00", .max_nbytes = 10, .nbytes = 5, .md5 = md5_hex("x"), .offset = 0});
  CHECK_NOTHROW(parse_upload_head(good));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  CHECK_THROWS_AS(parse_upload_head(with("<nbytes>5<", "<nbytes>-5<")), BadMessage);
  CHECK_THROWS_AS(parse_upload_head(with("<offset>0<", "<offset>6<")), BadMessage);
  CHECK_THROWS_AS(parse_upload_head(with("<offset>0<", "<offset>-1<")), BadMessage);
  CHECK_THROWS_AS(parse_upload_head(with(md5_hex("x"), "nonsense")), BadMessage);
  for (const char* rubbish : {"", "<", "<file_upload>", "<file_upload><data>\n", "<get_file_size>x"})
    CHECK_THROWS_AS(parse_upload_head(rubbish), BadMessage);
}

TEST_CASE("what is no message is refused", "[boinc][protocol]") {
  for (const char* rubbish : {"", "<", "<scheduler_request", "<scheduler_request>", "<scheduler_requests/>", "\xff\xfe",
                              "<scheduler_request><a></b></scheduler_request>"})
    CHECK_THROWS_AS(parse_scheduler_request(rubbish), BadMessage);
  for (const char* rubbish : {"", "<html></html>", "<scheduler_reply><x>"})
    CHECK_THROWS_AS(parse_scheduler_reply(rubbish), BadMessage);
  CHECK_THROWS_AS(parse_upload_reply("<data_server_repl>"), BadMessage);
  // Deep nesting takes no stack.
  std::string deep;
  for (int i = 0; i < 200'000; ++i) deep += "<x>";
  CHECK_THROWS_AS(parse_scheduler_request("<scheduler_request>" + deep), BadMessage);
}
