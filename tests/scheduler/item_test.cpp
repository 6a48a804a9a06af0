// Lists of the scheduler's items.
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <random>

#include "scheduler/item.hpp"

using mw::scheduler::Item;
using mw::scheduler::ItemList;

namespace {

/// The list from front to back; its links backwards are looked at, too.
std::deque<const Item*> items_of(const ItemList& list) {
  std::deque<const Item*> forwards, backwards;
  for (const Item* item = list.front(); item; item = item->next) forwards.push_back(item);
  for (const Item* item = list.back(); item; item = item->previous) backwards.push_front(item);
  REQUIRE(forwards == backwards);
  REQUIRE(list.size() == forwards.size());
  REQUIRE(list.empty() == forwards.empty());
  return forwards;
}

}  // namespace

TEST_CASE("a list of items is in the order in which they were put into it, from both ends and in between", "[scheduler]") {
  Item a, b, c, d;
  ItemList list;
  CHECK(items_of(list).empty());
  list.push_back(b);
  list.push_front(a);
  list.insert_before(nullptr, d);
  list.insert_before(&d, c);
  CHECK(items_of(list) == std::deque<const Item*>{&a, &b, &c, &d});
  list.remove(a);
  list.remove(d);
  list.remove(c);
  CHECK(items_of(list) == std::deque<const Item*>{&b});
  list.insert_before(&b, a);
  CHECK(items_of(list) == std::deque<const Item*>{&a, &b});
  list.remove(b);
  list.remove(a);
  CHECK(items_of(list).empty());
}

TEST_CASE("a list of items does what a deque does, whatever is done to it", "[scheduler]") {
  std::array<Item, 12> all;
  std::deque<const Item*> model;
  ItemList list;
  std::mt19937 random{11};
  for (int step = 0; step < 5'000; ++step) {
    Item& item = all[random() % all.size()];
    const auto place = std::find(model.begin(), model.end(), &item);
    if (place != model.end()) {
      list.remove(item);
      model.erase(place);
    } else if (const auto how = random() % 3; how == 0) {
      list.push_back(item);
      model.push_back(&item);
    } else if (how == 1) {
      list.push_front(item);
      model.push_front(&item);
    } else {
      const std::size_t before = model.empty() ? 0 : random() % (model.size() + 1);
      list.insert_before(before < model.size() ? const_cast<Item*>(model[before]) : nullptr, item);
      model.insert(model.begin() + static_cast<std::ptrdiff_t>(before), &item);
    }
    REQUIRE(items_of(list) == model);
  }
}

TEST_CASE("the number of an attempt goes up, and back by one when it never was", "[scheduler]") {
  Item item;
  item.change_attempt(1);
  item.change_attempt(1);
  CHECK(item.attempt == 2);
  item.change_attempt(-1);
  CHECK(item.attempt == 1);
  item.attempt = 0xffff'ffff;
  item.change_attempt(1);  // it wraps, and does not stick
  CHECK(item.attempt == 0);
}
