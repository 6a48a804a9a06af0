#include <mw/pool.hpp>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "log/escaped.hpp"
#include "log/log.hpp"
#include "pool/ends.hpp"
#include "pool/member.hpp"
#include "pool/roster.hpp"

namespace mw {
namespace pool {
namespace {

/// All of them as one; it knows of them what any master knows of its interface.
class Pool final : public Interface, public MemberOwner {
 public:
  explicit Pool(std::vector<std::unique_ptr<Interface>> members) : roster_{members.size()} {
    std::vector<std::string> names;
    for (const auto& member : members) names.push_back(name_of(member.get()));
    if (names.empty()) throw UsageError{"a pool has at least one member: give it the interfaces that it is to be made of"};
    std::vector<Label> labels = labels_of(names);
    for (std::size_t i = 0; i < members.size(); ++i) {
      name_ += (i == 0 ? "" : "+") + labels[i].text;
      members_.push_back(std::make_unique<Member>(*this, i, std::move(labels[i]), std::move(members[i])));
    }
  }

  Scheduling scheduling() const override { return Scheduling::by_master; }
  /// "multicore+tcp".
  std::string name() const override { return name_; }

  /// One after the other. If one throws, stop() ends those before it.
  void start() override {
    for (const auto& member : members_) member->start(ends_);
  }

  void stop(std::function<void()> stopped) override {
    roster_.end();
    for (const auto& member : members_) member->stop();
    ends_->when_all_have_come(std::move(stopped));
  }

  void execute_task(const TaskRef& task, WorkerId worker) override {
    Member* const member = find(worker);
    if (!member)
      throw UnknownWorker{fmt::format("{}: task {} came for worker number {}, which is of no member of this pool", name_, task.id(),
                                      index_of(worker))};
    member->execute_task(task, worker);
  }

  bool revoke_task(const TaskRef& task, WorkerId worker) override {
    Member* const member = find(worker);
    return member && member->revoke_task(task, worker);
  }

  void split_task(const TaskRef& task, WorkerId worker) override {
    if (Member* const member = find(worker)) member->split_task(task, worker);
  }

  void abort_task(const TaskRef& task, WorkerId worker) override {
    if (Member* const member = find(worker)) member->abort_task(task, worker);
  }

  void forget_shared(std::uint64_t number) override {
    for_each_alive([number](Member& member) { member.forget_shared(number); });
  }

  /// A worker of another member is one that a member does not know.
  void tasks_wait(std::size_t tasks, WorkerId resting) override {
    for_each_alive([&](Member& member) { member.tasks_wait(tasks, resting); });
  }

  bool can_scale() const noexcept override { return that_scales() != nullptr; }
  /// Of the one member whose workers can be more or fewer.
  void scale(std::uint32_t workers) override {
    Member* const member = that_scales();
    if (!member)
      throw UsageError{fmt::format(
          "{}: the number of a pool's workers can be changed where exactly one of its members is one whose number can be, "
          "such as multicore",
          name_)};
    member->scale(workers);
  }

  void begin_no_more() override {
    for_each_alive([](Member& member) { member.begin_no_more(); });
  }

  /// All of them: one that was given nothing may have something of its own to send, and if not, that costs nothing.
  void flush() override {
    for_each_alive([](Member& member) { member.flush(); });
  }

  std::uint32_t expected_slots() const noexcept override {
    std::uint64_t sum = 0;
    for_each_alive([&sum](const Member& member) { sum += member.expected_slots(); });
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(sum, 1, std::numeric_limits<std::uint32_t>::max()));
  }

  bool others_may_join() const override {
    bool any_may = false;
    for_each_alive([&any_may](const Member& member) { any_may = any_may || member.others_may_join(); });
    return any_may;
  }

  /// What a member says is under keys that begin with its name.
  StatusMap get_status() override {
    StatusMap status;
    for (const auto& member : members_) {
      const std::string& key = member->label().key;
      const std::string failure = roster_.failure(member->number());
      if (!failure.empty()) status[key + "_failed"] = log::escaped(failure);
      if (const std::string why = roster_.absence(member->number()); !why.empty()) status[key + "_no_worker"] = log::escaped(why);
      if (member->is_over() || !failure.empty()) continue;
      for (auto& [own_key, value] : member->get_status()) status[fmt::format("{}_{}", key, own_key)] = std::move(value);
    }
    return status;
  }

  std::vector<WorkerReport> report_workers() override {
    std::vector<WorkerReport> all;
    for (const auto& member : members_) {
      for (WorkerReport& report : roster_.reports(member->number())) all.push_back(std::move(report));
      if (member->is_over()) continue;
      for (WorkerReport& report : member->report_workers()) all.push_back(std::move(report));
    }
    return all;
  }

  // MemberOwner
  InterfaceHost& host() const noexcept override { return Interface::host(); }

  WorkerId joined(const Member& member, WorkerInfo info) override {
    std::string name = info.name;
    std::string where = info.host;
    return roster_.join(member.number(), std::move(name), std::move(where), [&] { return host().worker_joined(std::move(info)); });
  }

  void left(const Member& member, WorkerId worker, std::vector<LostTask> lost) override {
    if (roster_.leave(member.number(), worker)) host().worker_left(worker, std::move(lost));
  }

  void has_no_worker(const Member& member, std::string why) override {
    const std::string text = member.label().saying(why);
    switch (roster_.no_worker(member.number(), std::move(why))) {
      case Outlook::goes_on:
        return log::warn(fmt::format("the pool goes on without workers of \"{}\": {}", member.label().text, text));
      case Outlook::no_worker: return host().no_worker_possible(reasons());
      default: return;
    }
  }

  /// Its tasks are queued again, as if it alone had been the interface: none counts a loss.
  void has_failed(Member& member, std::string why) override {
    const std::string text = member.label().saying(why);
    std::vector<WorkerId> lost;
    const Outlook outlook = roster_.fail(member.number(), std::move(why), lost);
    if (outlook == Outlook::unchanged) return;
    if (outlook == Outlook::failed) return host().interface_failed(reasons());
    log::warn(fmt::format("the pool goes on without \"{}\", which has failed: {}", member.label().text, text));
    for (const WorkerId worker : lost) host().worker_left(worker, {});
    host().post([&member] { member.stop(); });  // not now: it is in the middle of something
    if (outlook == Outlook::no_worker) host().no_worker_possible(reasons());
  }

 private:
  static std::string name_of(const Interface* member) {
    if (!member) throw UsageError{"a member of the pool is null: give it interfaces"};
    if (member->scheduling() == Scheduling::by_master) return member->name();
    throw UsageError{fmt::format(
        "{0} cannot be in a pool: there the master chooses each task's worker, and {0} chooses by itself: use it alone, or "
        "in its place an interface that leaves the choice to the master (serial, multicore, tcp, mpi)",
        member->name())};
  }

  Member* find(WorkerId worker) {
    const auto number = roster_.member_of(worker);
    if (!number || members_[*number]->is_over()) return nullptr;
    return members_[*number].get();
  }

  /// Null if none does, or several do.
  Member* that_scales() const noexcept {
    Member* found = nullptr;
    for (const auto& member : members_) {
      if (member->is_over() || !member->can_scale()) continue;
      if (found) return nullptr;
      found = member.get();
    }
    return found;
  }

  template <class Call>
  void for_each_alive(const Call& call) const {
    for (const auto& member : members_)
      if (!member->is_over()) call(*member);
  }

  /// Why there is nobody left, of all members.
  std::string reasons() const {
    std::string text;
    for (const auto& member : members_) {
      std::string why = roster_.failure(member->number());
      if (why.empty()) why = roster_.absence(member->number());
      text += (text.empty() ? "" : "; ") + member->label().saying(why);
    }
    return text;
  }

  Roster roster_;
  const std::shared_ptr<Ends> ends_ = std::make_shared<Ends>();
  std::string name_;
  std::vector<std::unique_ptr<Member>> members_;  ///< go first: they speak to the rest
};

}  // namespace
}  // namespace pool

PoolInterface::PoolInterface(std::vector<std::unique_ptr<Interface>> members)
    : InterfaceHandle{std::make_unique<pool::Pool>(std::move(members))} {}

}  // namespace mw
