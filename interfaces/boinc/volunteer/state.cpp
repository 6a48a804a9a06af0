#include "boinc/volunteer/state.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <boost/json.hpp>

#include <mw/error.hpp>

#include "log/escaped.hpp"
#include "process/file.hpp"

namespace mw::boinc {
namespace {

namespace json = boost::json;

/// As it is, if it is UTF-8, as JSON has to be: what a task prints, or a project says, may be anything.
std::string text_in(const std::string& text) {
  boost::system::error_code error;
  json::parse(json::serialize(json::string{text}), error);
  return error ? log::escaped_lines(text) : text;
}

json::object to_json(const VolunteerFile& file) {
  return {{"name", text_in(file.info.name)},
          {"url", text_in(file.info.url)},
          {"nbytes", file.info.nbytes},
          {"md5", text_in(file.info.md5)},
          {"executable", file.info.is_executable},
          {"signature", text_in(file.info.signature)},
          {"max_nbytes", file.info.max_nbytes},
          {"permission", text_in(file.info.upload_permission)},
          {"open_name", text_in(file.open_name)}};
}

VolunteerFile file_from(const json::value& value) {
  const json::object& object = value.as_object();
  const auto text = [&](const char* key) { return std::string{object.at(key).as_string()}; };
  VolunteerFile file;
  file.info.name = text("name");
  file.info.url = text("url");
  file.info.nbytes = object.at("nbytes").to_number<std::int64_t>();
  file.info.md5 = text("md5");
  file.info.is_executable = object.at("executable").as_bool();
  file.info.signature = text("signature");
  file.info.max_nbytes = object.at("max_nbytes").to_number<double>();
  file.info.upload_permission = text("permission");
  file.open_name = text("open_name");
  return file;
}

json::object to_json(const VolunteerTask& task) {
  json::array inputs, files;
  for (const VolunteerFile& file : task.inputs) inputs.push_back(to_json(file));
  for (const ReportedFile& file : task.report.files)
    files.push_back({{"name", text_in(file.name)}, {"nbytes", file.nbytes}, {"md5", text_in(file.md5)}});
  return {{"name", text_in(task.name)},
          {"deadline", task.deadline_s},
          {"stage", static_cast<std::int64_t>(task.stage)},
          {"program", to_json(task.program)},
          {"inputs", inputs},
          {"output", to_json(task.output)},
          {"exit_status", task.report.exit_status},
          {"state", static_cast<std::int64_t>(task.report.state)},
          {"cpu_seconds", task.report.cpu_seconds},
          {"elapsed_seconds", task.report.elapsed_seconds},
          {"stderr", text_in(task.report.stderr_text)},
          {"files", files},
          {"starts", task.starts}};
}

VolunteerTask task_from(const json::value& value) {
  const json::object& object = value.as_object();
  VolunteerTask task;
  task.name = object.at("name").as_string();
  task.deadline_s = object.at("deadline").to_number<std::int64_t>();
  task.stage = static_cast<Stage>(object.at("stage").to_number<std::int64_t>());
  task.program = file_from(object.at("program"));
  for (const json::value& file : object.at("inputs").as_array()) task.inputs.push_back(file_from(file));
  task.output = file_from(object.at("output"));
  task.report.name = task.name;
  task.report.exit_status = object.at("exit_status").to_number<std::int64_t>();
  task.report.state = static_cast<ClientState>(object.at("state").to_number<std::int64_t>());
  task.report.cpu_seconds = object.at("cpu_seconds").to_number<double>();
  task.report.elapsed_seconds = object.at("elapsed_seconds").to_number<double>();
  task.report.stderr_text = object.at("stderr").as_string();
  for (const json::value& file : object.at("files").as_array())
    task.report.files.push_back(
        {std::string{file.at("name").as_string()}, file.at("nbytes").to_number<double>(), std::string{file.at("md5").as_string()}});
  task.starts = object.at("starts").to_number<std::int64_t>();
  return task;
}

}  // namespace

VolunteerState VolunteerState::load(const std::string& path) {
  VolunteerState state;
  if (!std::filesystem::exists(path)) return state;
  try {
    const json::value value = json::parse(process::read_text_file(path));
    if (const auto* url = value.as_object().if_contains("url")) state.url = url->as_string();
    state.host_id = value.at("host_id").to_number<std::int64_t>();
    state.rpc_seqno = value.at("rpc_seqno").to_number<std::int64_t>();
    if (const json::value* told = value.as_object().if_contains("cross_project_id")) state.cross_project_id = told->as_string();
    state.cpid = value.at("cpid").as_string();
    state.fpops = value.at("fpops").to_number<double>();
    state.code_sign_key = value.at("code_sign_key").as_string();
    state.scheduler_url = value.at("scheduler_url").as_string();
    for (const json::value& task : value.at("tasks").as_array()) state.tasks.push_back(task_from(task));
  } catch (const std::exception& e) {
    throw InterfaceError{fmt::format("{} cannot be read ({}); remove it to begin anew as another host", path, e.what())};
  }
  return state;
}

void VolunteerState::save(const std::string& path) const {
  json::array list;
  for (const VolunteerTask& task : tasks) list.push_back(to_json(task));
  const json::object object{{"url", text_in(url)},
                            {"host_id", host_id},
                            {"rpc_seqno", rpc_seqno},
                            {"cpid", text_in(cpid)},
                            {"fpops", fpops},
                            {"cross_project_id", text_in(cross_project_id)},
                            {"code_sign_key", text_in(code_sign_key)},
                            {"scheduler_url", text_in(scheduler_url)},
                            {"tasks", list}};
  process::write_file(path, json::serialize(object) + "\n", 0600);
}

}  // namespace mw::boinc
