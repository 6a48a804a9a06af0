#include <mw/mpi.hpp>

#include "mpi/series.hpp"
#include "mpi/spec.hpp"

namespace mw {

MpiInterface::MpiInterface(MpiOptions options) : series_{std::make_unique<Series>(std::move(options))} {}
MpiInterface MpiInterface::from_text(std::string_view text) { return MpiInterface{mpi::options_of(text)}; }
MpiInterface::MpiInterface(MpiInterface&&) noexcept = default;
MpiInterface::~MpiInterface() = default;

unsigned MpiInterface::workers() const noexcept { return series_->workers(); }
void MpiInterface::start() { series_->start(host()); }
void MpiInterface::execute_task(const TaskRef& task, WorkerId worker) { series_->job().execute(task, worker); }
bool MpiInterface::revoke_task(const TaskRef& task, WorkerId worker) { return series_->job().take_back(task, worker); }
void MpiInterface::abort_task(const TaskRef& task, WorkerId worker) { series_->job().abort(task, worker); }
void MpiInterface::flush() { series_->job().flush(); }
StatusMap MpiInterface::get_status() { return series_->status(); }
void MpiInterface::stop(std::function<void()> stopped) { series_->stop(std::move(stopped)); }

}  // namespace mw
