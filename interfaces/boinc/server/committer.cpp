#include "boinc/server/committer.hpp"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "process/timer.hpp"

namespace mw::boinc {

namespace asio = boost::asio;

void Committer::begin(Durability durability) {
  if (!broken_.empty()) throw sqlite::DatabaseError{broken_};
  if (!batch_) {
    batch_ = std::make_shared<Batch>(io_, database_);
    batch_->done.expires_at(process::Timer::time_point::max());
    // Behind all that is ready to run now.
    asio::post(io_, [this] { commit(); });
  }
  if (durability == Durability::machine) batch_->durability = durability;
}

asio::awaitable<void> Committer::committed() {
  if (!batch_) co_return;
  const auto batch = batch_;
  co_await batch->done.async_wait(asio::as_tuple(asio::use_awaitable));
  if (!batch->error.empty()) throw sqlite::DatabaseError{batch->error};
}

void Committer::commit() {
  if (!batch_) return;
  const auto batch = std::exchange(batch_, nullptr);
  try {
    batch->transaction->commit();
    if (batch->durability == Durability::machine) database_.sync();
  } catch (const Error& e) {
    batch->error = e.what();
  }
  batch->transaction.reset();
  batch->done.cancel();
  if (batch->error.empty()) return after_();
  if (broken_.empty()) failed_(broken_ = batch->error);
}

void Committer::finish() { commit(); }

void Committer::fail(const std::string& why) {
  if (const auto batch = std::exchange(batch_, nullptr)) {
    batch->error = why;
    batch->transaction.reset();
    batch->done.cancel();
  }
  if (broken_.empty()) failed_(broken_ = why);
}

}  // namespace mw::boinc
