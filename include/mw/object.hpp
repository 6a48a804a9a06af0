// Objects that live in a worker.
//
// What:    master.create<T>(args…) makes a T in a worker process and returns a handle; object.call<&T::f>(args…) is a
//          task that calls a member function there. Calls of one object run one after the other, in the order in which
//          they were submitted; those of objects in different workers run at the same time. (Trickle's remote classes,
//          PyRO.)
// Owner:   handles share the object, which goes with the last of them, after the calls that were submitted before. It
//          dies with its worker process, and with the master: what is called on it then is an error. A handle may
//          outlive the master.
// Threads: a handle may be copied and used by any thread, as any shared object; the object's own functions run in its
//          worker, one at a time.
// Use:
//     mw::Object<Stack> stack = master.create<Stack>(100);
//     auto size = stack.call<&Stack::push>("A");           // a mw::Task<std::size_t>
//     std::cout << master.get_result(size);
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <mw/detail/then.hpp>
#include <mw/error.hpp>
#include <mw/function.hpp>
#include <mw/task.hpp>
#include <mw/task_options.hpp>

namespace mw {

class Master;

/// The object that a call is for is not there (any more). What a task says that was to call it.
class ObjectGone : public Error {
 public:
  using Error::Error;
};

namespace detail {

/// Which object, of which process.
struct ObjectId {
  std::uint64_t process = 0;
  std::uint64_t number = 0;
};

/// The table of objects in this process.
ObjectId keep_object(std::shared_ptr<void> object, const std::type_info& type);
/// Throws ObjectGone.
std::shared_ptr<void> find_object(const ObjectId& id, const std::type_info& type);
/// The task that gives it up.
struct DropObject {
  static void run(ObjectId id);
};

/// How many objects each worker has.
class ObjectPlaces;

/// One object, for as long as there are handles.
struct ObjectOwner {
  ObjectOwner(Task<ObjectId> created_, std::string worker_, std::shared_ptr<ObjectPlaces> places_, const FunctionEntry& drop_);
  ~ObjectOwner();
  ObjectOwner(const ObjectOwner&) = delete;
  ObjectOwner& operator=(const ObjectOwner&) = delete;

  const Task<ObjectId> created;
  const std::string worker;
  const std::shared_ptr<ObjectPlaces> places;
  const FunctionEntry* const drop;  ///< DropObject; a program without objects does not register it, in no build
};

/// What travels for an argument of which nobody says as what: text for a literal.
template <class Given>
using Travelling = std::conditional_t<std::is_convertible_v<Given, const char*>, std::string, std::remove_cvref_t<Given>>;

/// The task that makes one.
template <class T, class... A>
struct MakeObject {
  static ObjectId run(A... arguments) { return keep_object(std::make_shared<T>(std::move(arguments)...), typeid(T)); }
};

template <class Method>
struct MethodTraits {
  static_assert(sizeof(Method) == 0, "object.call<&T::f>(args...): f must be a member function of the object's class");
};
template <class R, class C, class... A>
struct MethodTraits<R (C::*)(A...)> {
  using Result = std::decay_t<R>;
  using Class = C;
  using Parameters = TypeList<A...>;
  static_assert(((!std::is_lvalue_reference_v<A> || std::is_const_v<std::remove_reference_t<A>>)&&...),
                "object.call<&T::f>: f takes a reference that it may write to, but it runs in another process. Return the value.");
};
template <class R, class C, class... A>
struct MethodTraits<R (C::*)(A...) const> : MethodTraits<R (C::*)(A...)> {};
template <class R, class C, class... A>
struct MethodTraits<R (C::*)(A...) noexcept> : MethodTraits<R (C::*)(A...)> {};
template <class R, class C, class... A>
struct MethodTraits<R (C::*)(A...) const noexcept> : MethodTraits<R (C::*)(A...)> {};

/// The task that calls one. A class template with a member: see chunk.hpp.
template <auto Method, class T, class List = typename MethodTraits<decltype(Method)>::Parameters>
struct CallObject;
template <auto Method, class T, class... A>
struct CallObject<Method, T, TypeList<A...>> {
  using Result = typename MethodTraits<decltype(Method)>::Result;
  static Result run(ObjectId id, std::decay_t<A>... arguments) {
    const auto object = std::static_pointer_cast<T>(find_object(id, typeid(T)));
    return (object.get()->*Method)(std::move(arguments)...);
  }
};

}  // namespace detail

/// A handle to a T in a worker. Made by Master::create; an empty one may only be assigned to, or asked whether it is
/// valid().
template <class T>
class Object {
 public:
  Object() = default;
  /// Internal.
  explicit Object(std::shared_ptr<const detail::ObjectOwner> owner) noexcept : owner_{std::move(owner)} {}

  bool valid() const noexcept { return owner_ != nullptr; }
  /// The worker that it lives in.
  const std::string& worker() const noexcept { return owner_->worker; }

  /// Asks for object.f(args…) and returns at once; the task's result is what f returns. The task ends with a TaskError
  /// if f throws, if the worker dies while it runs (it is not called again: nobody has the object any more), or if the
  /// object is gone (`mw::ObjectGone`). Arguments are converted as in the call. Throws as Master::submit_task, and
  /// UsageError if the handle is empty or the master has ended. Any thread.
  template <auto Method, class... A>
  [[nodiscard]] auto call(A&&... arguments) const {
    return call<Method>(TaskOptions{}, std::forward<A>(arguments)...);
  }
  /// The same with options; `worker`, `max_losses` and `retries` of them do not count.
  template <auto Method, class... A>
  [[nodiscard]] auto call(TaskOptions options, A&&... arguments) const {
    using Traits = detail::MethodTraits<decltype(Method)>;
    static_assert(std::is_base_of_v<typename Traits::Class, T>, "object.call<&C::f>: the object is of another class than C");
    if (!owner_) throw UsageError{"call: the handle of the object is empty: it comes from no create"};
    options.worker = owner_->worker;
    options.max_losses = 0;
    options.retries = 0;
    options.remember = false;  // what it returns depends on what was called before
    return Task<typename Traits::Result>{
        detail::submit_then<&detail::CallObject<Method, T>::run>(owner_->created, &options, std::forward<A>(arguments)...)};
  }

 private:
  std::shared_ptr<const detail::ObjectOwner> owner_;
};

}  // namespace mw
