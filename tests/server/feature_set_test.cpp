// SPDX-License-Identifier: Apache-2.0
// A list of features that changes while it is read.
#include "server/feature_set.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace longhaul::serving {
namespace {

struct thing {
  std::string called;
  const std::string& name() const { return called; }
};
using things = feature_set<thing>;

things::pointer named(std::string name) { return std::make_shared<thing>(thing{std::move(name)}); }

std::string shown(const things& all, std::uint64_t from = 0, std::size_t limit = 100) {
  std::string text;
  const auto [page, next] =
      all.page(from, limit, [](const thing& one) { return one.called != "hidden"; });
  for (const auto& one : page) text += one->called + " ";
  return text + (next ? std::to_string(*next) : "-");
}

struct counter final : list_listener {
  void on_list_changed(list_kind) override { ++heard; }
  int heard = 0;
};

TEST(feature_set, keeps_the_order_in_which_they_came) {
  things all{list_kind::tools};
  for (const char* name : {"c", "a", "b"}) EXPECT_TRUE(all.add(named(name)));
  EXPECT_FALSE(all.add(named("a")));
  EXPECT_EQ(shown(all), "c a b -");
  EXPECT_TRUE(all.remove("a"));
  EXPECT_FALSE(all.remove("a"));
  EXPECT_FALSE(all.find("a"));
  EXPECT_TRUE(all.add(named("a")));
  EXPECT_EQ(shown(all), "c b a -");
  EXPECT_EQ(all.find("a")->called, "a");
}

TEST(feature_set, what_is_replaced_keeps_its_place) {
  things all{list_kind::tools};
  for (const char* name : {"a", "b", "c"}) all.add(named(name));
  const auto fresh = named("b");
  EXPECT_TRUE(all.replace(fresh));
  EXPECT_FALSE(all.replace(named("x")));
  EXPECT_EQ(shown(all), "a b c -");
  EXPECT_EQ(all.find("b"), fresh);
}

TEST(feature_set, pages_do_not_shift_when_entries_before_them_go) {
  things all{list_kind::tools};
  for (const char* name : {"a", "b", "hidden", "c", "d", "e"}) all.add(named(name));
  EXPECT_EQ(shown(all, 0, 2), "a b 3");
  all.remove("a");
  EXPECT_EQ(shown(all, 3, 2), "c d 5");
  all.remove("e");
  EXPECT_EQ(shown(all, 5, 2), "-");
  EXPECT_EQ(shown(all, 1'000, 2), "-");
}

TEST(feature_set, whoever_found_an_entry_keeps_it) {
  things all{list_kind::tools};
  all.add(named("a"));
  const auto kept = all.find("a");
  all.remove("a");
  EXPECT_EQ(kept->called, "a");
}

TEST(feature_set, every_change_is_heard_until_the_listener_is_gone) {
  things all{list_kind::tools};
  auto listener = std::make_shared<counter>();
  all.listen(listener);
  const auto before = all.version();
  all.add(named("a"));
  all.add(named("a"));  // refused: no change
  all.replace(named("a"));
  all.remove("a");
  all.touch();
  EXPECT_EQ(listener->heard, 4);
  EXPECT_EQ(all.version(), before + 4);
  listener.reset();
  all.add(named("b"));
}

TEST(feature_set, is_read_and_changed_from_many_threads) {
  things all{list_kind::tools};
  for (int i = 0; i < 8; ++i) all.add(named("fixed" + std::to_string(i)));
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&all, t] {
      for (int i = 0; i < 500; ++i) {
        const std::string name = "t" + std::to_string(t);
        EXPECT_TRUE(all.add(named(name)));
        EXPECT_TRUE(all.remove(name));
      }
    });
    threads.emplace_back([&all] {
      for (int i = 0; i < 500; ++i) {
        EXPECT_TRUE(all.find("fixed3"));
        const auto page = all.page(0, 100, [](const thing&) { return true; }).first;
        EXPECT_GE(page.size(), 8u);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(all.all().size(), 8u);
}

}  // namespace
}  // namespace longhaul::serving
