#include "tcp/launch/launches.hpp"

#include <algorithm>

namespace mw::tcp {

std::optional<net::Key> Launches::key_for(std::string_view node) const {
  if (!jobs_ || !slurm::job_of_node(node)) return std::nullopt;
  return jobs_->key().key_for(node);
}

std::vector<std::pair<std::string, std::string>> Launches::missing(const LaunchUser& user) const {
  std::vector<std::pair<std::string, std::string>> list;
  for (const auto& node : nodes_)
    if (!user.has_joined(node->name()))
      list.emplace_back(node->what(), node->trouble().empty() ? "it has not dialled yet" : node->trouble());
  if (!jobs_) return list;
  for (auto& one : jobs_->missing()) list.push_back(std::move(one));
  return list;
}

bool Launches::ends_again_and_again() const {
  return std::any_of(nodes_.begin(), nodes_.end(), [](const auto& node) { return node->ends() >= 3; });
}

void Launches::add_to(StatusMap& status) const {
  if (jobs_) jobs_->add_to(status);
}

void Launches::prepare_stop(const LaunchUser& user) {
  for (const auto& node : nodes_) were_told_.push_back(user.has_joined(node->name()));
}

void Launches::stop(std::function<void()> stopped) {
  stopped_ = std::move(stopped);
  running_ = nodes_.size() + (jobs_ ? 1 : 0) + 1;
  for (std::size_t i = 0; i < nodes_.size(); ++i) nodes_[i]->stop(were_told_[i], [this] { one_stopped(); });
  if (jobs_) jobs_->stop([this] { one_stopped(); });
  one_stopped();
}

void Launches::one_stopped() {
  if (--running_ == 0) std::exchange(stopped_, nullptr)();
}

}  // namespace mw::tcp
