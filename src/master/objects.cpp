// Objects in workers, on the master's side.
#include <mw/object.hpp>

#include <utility>

#include <mw/master.hpp>

#include "master/core.hpp"
#include "master/object_places.hpp"

namespace mw {
namespace detail {

const std::shared_ptr<ObjectPlaces>& MasterCore::object_places() {
  refuse_in_forked_process();
  bool chooses = false;
  loop_.call([&] { chooses = chooses_; });
  if (!chooses)
    throw UsageError{
        "create: this interface chooses its workers by itself, and they do not last: an object would be gone before it is called"};
  return object_places_;
}

ObjectOwner::ObjectOwner(Task<ObjectId> created_, std::string worker_, std::shared_ptr<ObjectPlaces> places_,
                         const FunctionEntry& drop_)
    : created{std::move(created_)}, worker{std::move(worker_)}, places{std::move(places_)}, drop{&drop_} {
  places->add(worker, +1);
}

/// The object goes when what was called on it before is done. If the master or the worker has ended, it is gone
/// already.
ObjectOwner::~ObjectOwner() {
  places->add(worker, -1);
  try {
    WorkerDirectory& directory = *created.record()->owner;
    Continuations* const master = directory.is_in_forked_process() ? nullptr : directory.continuations.load();
    if (!master) return;
    const TaskOptions options{.worker = worker, .max_losses = 0};
    master->submit_after(created.record(), *drop, {}, &options, true);
  } catch (...) {  // no memory for a task: the object lives as long as its worker
  }
}

}  // namespace detail

std::string Master::place_for_object(const Needs& needs) const {
  object_places();
  return core_->object_places()->choose(workers(), needs);
}

std::shared_ptr<detail::ObjectPlaces> Master::object_places() const { return core_->object_places(); }

}  // namespace mw
