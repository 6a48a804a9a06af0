#include <mw/mpi.hpp>

#include "mpi/job.hpp"
#include "mpi/spec.hpp"

namespace mw {

MpiInterface::MpiInterface(MpiOptions options) : job_{std::make_unique<Job>(std::move(options))} {}
MpiInterface MpiInterface::from_text(std::string_view text) { return MpiInterface{mpi::options_of(text)}; }
MpiInterface::MpiInterface(MpiInterface&&) noexcept = default;
MpiInterface::~MpiInterface() = default;

unsigned MpiInterface::workers() const noexcept { return job_->workers(); }
void MpiInterface::start() { job_->start(host()); }
void MpiInterface::execute_task(const TaskRef& task, WorkerId worker) { job_->execute(task, worker); }
bool MpiInterface::revoke_task(const TaskRef& task, WorkerId worker) { return job_->take_back(task, worker); }
void MpiInterface::abort_task(const TaskRef& task, WorkerId worker) { job_->abort(task, worker); }
void MpiInterface::flush() { job_->flush(); }
StatusMap MpiInterface::get_status() { return job_->status(); }
void MpiInterface::stop(std::function<void()> stopped) { job_->stop(std::move(stopped)); }

}  // namespace mw
