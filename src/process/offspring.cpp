#include "process/offspring.hpp"

#include <dirent.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <optional>

#include "parse/number.hpp"
#include "process/place.hpp"
#include "process/process_facts.hpp"

namespace mw::process {

namespace {

/// Whether orphans below this process can come to `pid`: process 1, or whoever asked for them.
bool may_adopt(pid_t pid) {
  constexpr pid_t init = 1;
  if (pid <= init) return true;
  int asked = 0;
  if (pid == ::getpid()) return ::prctl(PR_GET_CHILD_SUBREAPER, &asked) == 0 && asked != 0;
  for (pid_t above = ::getppid(); above > init; above = parent_of(above))
    if (above == pid) return true;
  return false;
}

}  // namespace

Offspring::Offspring(pid_t child) : child_{child} {
  if (const auto facts = ProcessFacts::of(child)) session_ = facts->session, start_ = facts->start;
}

bool Offspring::has_group(pid_t group) const {
  if (group <= 1 || group == child_ || group == ::getpgrp()) return false;
  if (const auto leader = ProcessFacts::of(group))
    return leader->group == group && can_be_its(*leader) && can_be_parent(leader->parent);
  // Who led it is gone, and who is left is in the same session.
  DIR* const processes = ::opendir("/proc");
  if (!processes) return false;
  bool any = false, all = true;
  while (const dirent* entry = ::readdir(processes)) {
    const int pid = parse::leading_number<int>(entry->d_name).value_or(0);
    const auto facts = pid > 0 ? ProcessFacts::of(pid) : std::nullopt;
    if (!facts || facts->group != group) continue;
    any = true;
    all = all && can_be_its(*facts);
  }
  ::closedir(processes);
  return any && all;
}

bool Offspring::can_be_its(const ProcessFacts& facts) const { return facts.session == session_ && facts.start >= start_; }

/// What has a parent still has it: the child is asked for after the parent was read.
bool Offspring::can_be_parent(pid_t pid) const { return pid == child_ || (may_adopt(pid) && has_ended()); }

bool Offspring::has_ended() const {
  const auto facts = ProcessFacts::of(child_);
  return !facts || facts->has_ended() || facts->start != start_;
}

}  // namespace mw::process
