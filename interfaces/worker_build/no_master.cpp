// A worker build has no master: what would be one ends the program, and says why.
//
// A function of the public API that is missing here is an error of the linker in every application's worker build that
// uses it.
#include <mw/app.hpp>
#include <mw/mw.hpp>

#include <cstdio>
#include <cstdlib>

namespace mw {
namespace {

[[noreturn]] void no_master() {
  std::fputs(
      "this is a worker build, which cannot be a master: mw::init(argc, argv) must be the first line of main(), and a task must "
      "not make a mw::Master\n",
      stderr);
  std::_Exit(2);
}

}  // namespace

namespace detail {

class MasterCore {};
void CoreDeleter::operator()(MasterCore*) const noexcept { no_master(); }
struct TaskGroup::Impl {};

void intrusive_ptr_add_ref(TaskRecord*) noexcept { no_master(); }
void intrusive_ptr_release(TaskRecord*) noexcept { no_master(); }
std::span<const std::byte> result_bytes(const TaskRecord&) { no_master(); }
std::optional<Bytes> translated(const TaskRecord&, std::span<const std::byte>) { no_master(); }
void throw_bad_result(const TaskRecord&, const CodecError&) { no_master(); }
void check_result_type(const TaskRecord&, const std::type_info&) { no_master(); }
TaskError mapped_error(const RecordPtr&, std::size_t, const Failure*) { no_master(); }
void throw_map_ended_early(std::size_t, std::size_t) { no_master(); }

Deadline deadline_after(Timeout) { no_master(); }
RecordPtr submit_after(const TaskHandle&, const FunctionEntry&, EncodedArguments, const TaskOptions*) { no_master(); }
ObjectOwner::ObjectOwner(Task<ObjectId>, std::string, std::shared_ptr<ObjectPlaces>, const FunctionEntry& entry) : drop{&entry} {
  no_master();
}
ObjectOwner::~ObjectOwner() = default;
void when_done(MasterCore&, const TaskHandle&, std::function<void()>) { no_master(); }
void hand_out(MasterCore&, const TaskHandle&) { no_master(); }
void refuse_to_wait_in_notice() { no_master(); }
void note_unread(const std::exception_ptr&) noexcept { no_master(); }

TaskGroup::TaskGroup(MasterCore&) { no_master(); }
TaskGroup::~TaskGroup() = default;
TaskGroup::TaskGroup(TaskGroup&&) noexcept = default;
TaskGroup& TaskGroup::operator=(TaskGroup&&) noexcept = default;
void TaskGroup::join(const RecordPtr&, std::size_t) { no_master(); }
void TaskGroup::submit(const FunctionEntry&, EncodedArguments, const TaskOptions&, std::size_t, std::uint64_t, std::uint64_t) {
  no_master();
}
std::uint64_t TaskGroup::inputs_before(const FunctionEntry&, std::uint64_t) { no_master(); }
std::optional<TaskGroup::Entry> TaskGroup::next(const Deadline&) { no_master(); }
std::optional<TaskGroup::Entry> TaskGroup::try_next() { no_master(); }
bool TaskGroup::wait(const Deadline&) { no_master(); }
std::optional<std::chrono::steady_clock::time_point> TaskGroup::start_time(std::size_t) const { no_master(); }
void TaskGroup::split(std::size_t) { no_master(); }
std::optional<TaskGroup::Split> TaskGroup::take_split() { no_master(); }
std::size_t TaskGroup::slots() const { no_master(); }

std::size_t ChunkSizer::next(std::size_t) const noexcept { no_master(); }
void ChunkSizer::taken(std::size_t) noexcept { no_master(); }
void ChunkSizer::measured(std::size_t, Time, std::uint64_t) noexcept { no_master(); }
void ChunkSizer::seen_to_last(std::size_t, Time) noexcept { no_master(); }

}  // namespace detail

Master::Master(std::unique_ptr<Interface>, MasterOptions) { no_master(); }
Master::Master(Master&&) noexcept = default;
Master& Master::operator=(Master&&) noexcept = default;
Master::~Master() = default;
Task<std::string> Master::submit_task(const Program&, std::string_view) { no_master(); }
Task<std::string> Master::submit_task(const TaskOptions&, const Program&, std::string_view) { no_master(); }
bool Master::cancel(const TaskHandle&) { no_master(); }
FinishedTask Master::get_result() { no_master(); }
FinishedTask Master::get_result(Timeout) { no_master(); }
std::optional<FinishedTask> Master::try_get_result(Timeout) { no_master(); }
void Master::wait_all() { no_master(); }
bool Master::wait_all(Timeout) { no_master(); }
std::vector<TaskHandle> Master::tasks() const { no_master(); }
void Master::set_interface(std::unique_ptr<Interface>) { no_master(); }
std::string Master::place_for_object(const Needs&) const { no_master(); }
std::shared_ptr<detail::ObjectPlaces> Master::object_places() const { no_master(); }
void Master::stop(Timeout, int) { no_master(); }
bool Master::is_stopping() const { no_master(); }
bool Master::has_stopped() const { no_master(); }
void Master::pause() { no_master(); }
void Master::resume() { no_master(); }
void Master::scale(std::uint32_t) { no_master(); }
std::string Master::explain(std::uint64_t) const { no_master(); }
std::string Master::dashboard_url() const { no_master(); }
Status Master::get_status() const { no_master(); }
std::vector<MeasureStatus> Master::take_measures() { no_master(); }
std::size_t Master::slots() const { no_master(); }
RecordPtr Master::submit(const detail::FunctionEntry&, detail::EncodedArguments, const TaskOptions*) { no_master(); }
detail::SharedPtr Master::share_bytes(std::span<const std::byte>) { no_master(); }
const RecordPtr& Master::checked(const TaskHandle&) const { no_master(); }
bool Master::wait_for(const TaskHandle&, const detail::Deadline&) { no_master(); }
std::optional<std::size_t> Master::wait_for_any(const std::vector<detail::TaskRecord*>&, const detail::Deadline&) { no_master(); }
std::optional<FinishedTask> Master::next_result(const detail::Deadline&) { no_master(); }
void Master::throw_timeout(const TaskHandle&, Timeout) { no_master(); }
void Master::throw_timeout(std::size_t, Timeout) { no_master(); }

std::string_view to_string(TaskState) noexcept { no_master(); }
std::uint64_t TaskHandle::id() const noexcept { no_master(); }
std::string TaskHandle::name() const { no_master(); }
TaskState TaskHandle::state() const { no_master(); }
bool TaskHandle::done() const { no_master(); }
std::uint32_t TaskHandle::attempts() const noexcept { no_master(); }
std::uint32_t TaskHandle::faults() const noexcept { no_master(); }
std::uint32_t TaskHandle::losses() const noexcept { no_master(); }
double TaskHandle::progress() const { no_master(); }
std::string TaskHandle::worker() const { no_master(); }
TaskHandle::Clock::time_point TaskHandle::submit_time() const noexcept { no_master(); }
std::optional<TaskHandle::Clock::time_point> TaskHandle::start_time() const noexcept { no_master(); }
std::optional<TaskHandle::Clock::time_point> TaskHandle::finish_time() const noexcept { no_master(); }
std::chrono::duration<double> TaskHandle::run_time() const noexcept { no_master(); }
std::string TaskHandle::stdout_text() const { no_master(); }
std::string TaskHandle::stderr_text() const { no_master(); }

std::uint64_t TaskRef::id() const noexcept { no_master(); }
std::uint64_t TaskRef::function_id() const noexcept { no_master(); }
std::string_view TaskRef::function_name() const noexcept { no_master(); }
const TaskOptions& TaskRef::options() const noexcept { no_master(); }
std::span<const std::byte> TaskRef::arguments() const noexcept { no_master(); }
std::vector<SharedInput> TaskRef::shared() const { no_master(); }
std::optional<detail::PartBytes> detail::next_part(MasterCore&, TaskRecord&, const Deadline&) { no_master(); }
detail::StartCall detail::make_start_call(const FunctionEntry&, EncodedArguments) { no_master(); }

std::string Status::to_json() const { no_master(); }
std::size_t Status::ready_workers() const noexcept { no_master(); }
std::size_t Status::workers_that_are(WorkerState) const noexcept { no_master(); }
std::string_view to_string(WorkerState) noexcept { no_master(); }
std::string schema_error(const StatusMap&) { no_master(); }
Outcome run_here(const TaskRef&) { no_master(); }
std::unique_ptr<Interface> interface(std::string_view) { no_master(); }
std::unique_ptr<Interface> interface(std::string_view, std::uint64_t) { no_master(); }
std::string default_interface() { no_master(); }
std::vector<std::string> interface_names() { no_master(); }
std::vector<std::string> interface_forms() { no_master(); }
std::string interface_help() { no_master(); }

SerialInterface::SerialInterface() : InterfaceHandle{nullptr} { no_master(); }
MulticoreInterface::MulticoreInterface(unsigned) : InterfaceHandle{nullptr} { no_master(); }
MulticoreInterface::MulticoreInterface(MulticoreOptions) : InterfaceHandle{nullptr} { no_master(); }
MulticoreInterface MulticoreInterface::from_text(std::string_view) { no_master(); }
TcpInterface::TcpInterface(TcpOptions) : InterfaceHandle{nullptr} { no_master(); }
TcpInterface TcpInterface::from_text(std::string_view) { no_master(); }
TcpInterface discover(const DiscoverOptions&) { no_master(); }
MpiInterface::MpiInterface(MpiOptions) : InterfaceHandle{nullptr} { no_master(); }
MpiInterface MpiInterface::from_text(std::string_view) { no_master(); }
BoincInterface::BoincInterface(BoincOptions) : InterfaceHandle{nullptr} { no_master(); }
BoincInterface BoincInterface::from_text(std::string_view) { no_master(); }
PoolInterface::PoolInterface(std::vector<std::unique_ptr<Interface>>) : InterfaceHandle{nullptr} { no_master(); }
Validator bitwise_validator() { no_master(); }
Validator numeric_validator(double, double) { no_master(); }
BoincProjectInterface::BoincProjectInterface(BoincProjectOptions) : InterfaceHandle{nullptr} { no_master(); }
bool BoincProjectInterface::is_meant(std::string_view) { no_master(); }
BoincProjectInterface BoincProjectInterface::from_text(std::string_view) { no_master(); }

struct App::Impl {};
App::App(std::string, const std::string&) { no_master(); }
App::~App() = default;
void App::option(const std::string&, std::uint64_t&, const std::string&, std::uint64_t, std::uint64_t) { no_master(); }
void App::option(const std::string&, double&, const std::string&) { no_master(); }
void App::option(const std::string&, std::string&, const std::string&) { no_master(); }
void App::flag(const std::string&, bool&, const std::string&) { no_master(); }
void App::check(std::function<void()>) { no_master(); }
int App::run(int, char**, const std::function<void(Master&, Report&)>&) { no_master(); }
std::string valid_utf8(std::string_view) { no_master(); }

}  // namespace mw
