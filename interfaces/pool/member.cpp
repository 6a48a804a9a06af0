#include "pool/member.hpp"

#include <fmt/format.h>

#include <mw/status.hpp>

#include "error/exception_text.hpp"
#include "log/log.hpp"

namespace mw::pool {

void Member::start(const std::shared_ptr<Ends>& ends) {
  ends_ = ends;
  ends_->begin();
  const auto text = [this](const std::string& why) {
    return fmt::format("\"{}\" could not start in the pool: {}", label_.text, why);
  };
  try {
    interface_->start();
  } catch (const UsageError& e) {
    throw UsageError{text(e.what())};
  } catch (...) {
    throw InterfaceError{text(detail::exception_text())};
  }
}

void Member::stop() {
  if (!ends_ || was_told_to_stop_) return;
  was_told_to_stop_ = true;
  const auto stopped = Ends::one_of(ends_);
  try {
    interface_->stop(stopped);
  } catch (...) {
    log::warn(fmt::format("\"{}\" did not stop in the pool: {}", label_.text, detail::exception_text()));
    stopped();
  }
}

StatusMap Member::get_status() {
  try {
    StatusMap status = interface_->get_status();
    if (std::string error = schema_error(status); !error.empty()) return {{"error", std::move(error)}};
    return status;
  } catch (...) {
    return {{"error", detail::exception_text()}};
  }
}

std::vector<WorkerReport> Member::report_workers() {
  std::vector<WorkerReport> reports = interface_->report_workers();
  for (WorkerReport& report : reports) report.name = label_.worker(report.name);
  return reports;
}

WorkerId Member::worker_joined(WorkerInfo info) {
  info.name = label_.worker(info.name);
  return owner_.joined(*this, std::move(info));
}

}  // namespace mw::pool
