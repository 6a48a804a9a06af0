// What is known from runs before, and the n-th submission of a call.
#include <catch2/catch.hpp>

#include <deque>

#include "journal/index.hpp"
#include "journal/unfinished.hpp"

using namespace mw::journal;

namespace {

/// Blocks as a file has them.
class Written {
 public:
  BlockWriter& block(std::uint64_t run) {
    runs_.push_back(run);
    return blocks_.emplace_back(100);
  }
  Index index() const {
    IndexBuilder builder;
    return index_with(builder);
  }
  Index index_with(IndexBuilder& builder) const {
    for (std::size_t i = 0; i < blocks_.size(); ++i)
      builder.add({i + 1, runs_[i], blocks_[i].base(), blocks_[i].entries(), blocks_[i].bytes()});
    return builder.finish();
  }

 private:
  std::deque<BlockWriter> blocks_;
  std::vector<std::uint64_t> runs_;
};

constexpr Digest a{1, 1}, b{1, 2}, c{2, 0};

void submit(BlockWriter& block, std::uint64_t id, const Digest& digest, std::optional<std::uint64_t> occurrence = {}) {
  block.submitted({.id = id, .function = 1, .digest = digest, .occurrence = occurrence});
}
void finish(BlockWriter& block, std::uint64_t id) { block.finished({.id = id}); }

}  // namespace

TEST_CASE("the n-th submission of a call gets what the n-th one had", "[journal]") {
  Written written;
  BlockWriter& block = written.block(1);
  for (std::uint64_t id = 1; id <= 4; ++id) submit(block, id, id == 2 ? b : a);
  finish(block, 4);  // the third of a
  finish(block, 1);  // the first
  Index index = written.index();
  CHECK(index.size() == 2);
  CHECK(index.take(a).position);
  const auto second = index.take(a);
  CHECK(second.occurrence == 1u);
  CHECK_FALSE(second.position);
  CHECK(index.take(a).position);
  CHECK(index.left() == 0);
  const auto fourth = index.take(a);
  CHECK(fourth.occurrence == 3u);
  CHECK_FALSE(fourth.position);
  CHECK_FALSE(index.take(b).position);
  CHECK_FALSE(index.take(c).occurrence);
}

TEST_CASE("runs that go on one after the other know together what each has added", "[journal]") {
  Written written;
  BlockWriter& first = written.block(1);
  submit(first, 1, a);
  submit(first, 2, a);
  submit(first, 3, b);
  finish(first, 1);
  // The second run got 1's result, and ran the other two; b's occurrences were counted, as none had finished.
  BlockWriter& second = written.block(2);
  submit(second, 2, a, 1);
  submit(second, 3, b);
  finish(second, 2);
  finish(second, 3);
  Index index = written.index();
  CHECK(index.size() == 3);
  const auto one = index.take(a), two = index.take(a);
  REQUIRE(one.position);
  REQUIRE(two.position);
  CHECK(one.position->block == 1);
  CHECK(two.position->block == 2);
  CHECK(index.take(b).position);
}

TEST_CASE("of two results of one submission the later one counts", "[journal]") {
  Written written;
  for (std::uint64_t run = 1; run <= 2; ++run) {
    BlockWriter& block = written.block(run);
    submit(block, 1, a);
    finish(block, 1);
  }
  Index index = written.index();
  CHECK(index.size() == 1);
  CHECK(index.take(a).position->block == 2);
}

TEST_CASE("an end without its submission, whose block was damaged, counts for nothing", "[journal]") {
  Written written;
  finish(written.block(1), 7);
  CHECK(written.index().size() == 0);
}

TEST_CASE("how many inputs of map() went together is known for tasks that finished", "[journal]") {
  Written written;
  BlockWriter& block = written.block(1);
  block.submitted({.id = 1, .function = 1, .digest = a, .occurrence = {}, .place = MapPlace{0, 0, 8}});
  block.submitted({.id = 2, .function = 1, .digest = b, .occurrence = {}, .place = MapPlace{0, 8, 64}});
  block.submitted({.id = 3, .function = 1, .digest = c, .occurrence = {}, .place = MapPlace{1, 0, 5}});
  finish(block, 1);
  finish(block, 3);
  const Index index = written.index();
  CHECK(index.inputs_at(1, {0, 0, 0}) == 8);
  CHECK(index.inputs_at(1, {0, 8, 0}) == 0);
  CHECK(index.inputs_at(1, {1, 0, 0}) == 5);
  CHECK(index.inputs_at(2, {0, 0, 0}) == 0);
}

TEST_CASE("a task that was left in the middle is known by its call and occurrence, once, unless it has finished since",
          "[journal]") {
  Written written;
  BlockWriter& first = written.block(1);
  submit(first, 1, a);
  submit(first, 2, a);
  submit(first, 3, a);
  submit(first, 4, b);
  submit(first, 5, c);
  finish(first, 1);
  BlockWriter& second = written.block(2);
  submit(second, 9, a, 2);
  submit(second, 10, b);
  finish(second, 10);
  IndexBuilder builder;
  const TaskKey second_a{1, 2}, third_a{1, 3}, third_a_later{2, 9}, of_b{1, 4}, finished{1, 1}, unknown{1, 77};
  builder.look_for({finished, second_a, third_a, of_b, unknown, third_a_later});
  const Index index = written.index_with(builder);
  CHECK((index.has(a, 0) && index.has(b, 0)));
  CHECK_FALSE((index.has(a, 1) || index.has(c, 0)));
  Checkpoints checkpoints;
  CHECK(checkpoints.fill(builder.take_unfinished(), index) == std::vector<TaskKey>{of_b, third_a});
  CHECK(checkpoints.all().size() == 2);
  CHECK_FALSE(checkpoints.take(a));
  CHECK(checkpoints.take(a) == second_a);
  CHECK(checkpoints.take(a) == third_a_later);
  CHECK_FALSE(checkpoints.take(a));
  CHECK_FALSE(checkpoints.take(b));
  CHECK_FALSE(checkpoints.take(c));
}
