// The pool: several interfaces as one.
//
// What:    its members start their workers as they do alone, and the master gives each task to a worker of any of them:
//          this machine computes beside those of a network. A member that fails takes no task along: the others go on.
// Owner:   the master that it is given to; it owns its members.
// Threads: the master's loop; what members say comes from any thread.
// Use:
//     mw::Master master{mw::interface("multicore:2+tcp:listen=0.0.0.0:9470&key=cppmw.key")};
//     mw::Master master{mw::PoolInterface{mw::MulticoreInterface{2}, mw::TcpInterface{options}}};    // the same
#pragma once

#include <concepts>
#include <memory>
#include <utility>
#include <vector>

#include <mw/interface.hpp>

namespace mw {

/// In text, members stand between '+': see interface(). start() throws what a member's start() throws, with the
/// member's name in it. See interfaces/pool/README.md for names, status, and what can fail.
class PoolInterface : public InterfaceHandle {
 public:
  /// Of these, in this order. Throws UsageError if there is none, if one is null, or if one chooses its tasks' workers
  /// by itself (boinc).
  explicit PoolInterface(std::vector<std::unique_ptr<Interface>> members);

  /// The same of two or more interfaces by their type.
  template <std::derived_from<Interface>... Members>
    requires(sizeof...(Members) >= 2)
  explicit PoolInterface(Members... members) : PoolInterface{list_of(std::move(members)...)} {}

 private:
  template <class... Members>
  static std::vector<std::unique_ptr<Interface>> list_of(Members... members) {
    std::vector<std::unique_ptr<Interface>> list;
    (list.push_back(std::make_unique<Members>(std::move(members))), ...);
    return list;
  }
};

}  // namespace mw
