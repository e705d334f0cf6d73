// SPDX-License-Identifier: Apache-2.0
// What servers tell by themselves: that a resource, or a list, has changed.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

#include "client/client_fixture.hpp"
#include "client/hostile_fixture.hpp"
#include "json/view.hpp"

namespace longhaul::test {
namespace {

server_options that_changes() {
  server_options options;
  options.dynamic = true;
  return options;
}

// Counts what was told, by method and address.
class told_news {
 public:
  void hear(std::string_view method, const raw_json& params) {
    const std::lock_guard lock(mutex_);
    ++count_[std::string(method) + " " + json::value(params)["uri"].string().value_or("")];
    changed_.notify_all();
  }
  bool await(const std::string& what, int times = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return count_[what] >= times; });
  }
  int count(const std::string& what) {
    const std::lock_guard lock(mutex_);
    return count_[what];
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> count_;
};

class subscriptions : public served, public testing::WithParamInterface<const char*> {
 protected:
  subscriptions() : served(that_changes()) {
    for (const char* const name : {"one", "two", "zero"}) {
      tools().add_resource({.uri = address(name), .name = name},
                           [] { return std::string("words"); });
    }
    tools().add_tool({.name = "wait", .description = "waits"}, [](task_context& task) {
      while (true) task.sleep_for(std::chrono::hours(1));
    });
    serve();
  }
  static std::string address(const std::string& name) { return "notes://" + name; }
  static std::string updated(const std::string& name) {
    return "notifications/resources/updated " + address(name);
  }
  client connected() {
    client_options options;
    options.only_version = GetParam();
    options.on_notification = [this](std::string_view method, const raw_json& params) {
      news_.hear(method, params);
    };
    return client({.url = url()}, std::move(options));
  }

  told_news news_;
};

TEST_P(subscriptions, changes_are_told_until_they_are_not_wanted) {
  const client one = connected();
  one.subscribe(address("one"));
  one.subscribe(address("two"));
  tools().resource_updated(address("one"));
  ASSERT_TRUE(news_.await(updated("one")));
  tools().resource_updated(address("two"));
  ASSERT_TRUE(news_.await(updated("two")));
  one.unsubscribe(address("two"));
  // What was told before that has come when this has: its address is the last.
  one.subscribe(address("zero"));
  tools().resource_updated(address("zero"));
  ASSERT_TRUE(news_.await(updated("zero")));
  const int before = news_.count(updated("two"));
  tools().resource_updated(address("two"));
  const int first = news_.count(updated("zero"));
  tools().resource_updated(address("zero"));
  ASSERT_TRUE(news_.await(updated("zero"), first + 1));
  EXPECT_EQ(news_.count(updated("two")), before);
  one.unsubscribe(address("two"));  // it is nothing to do
}

TEST_P(subscriptions, they_stand_beside_a_task) {
  const client one = connected();
  one.subscribe(address("one"));
  const tool_call call = one.call("wait");
  tools().resource_updated(address("one"));
  ASSERT_TRUE(news_.await(updated("one")));
  call.cancel();
  EXPECT_EQ(call.wait().status, task_status::cancelled);
  const int before = news_.count(updated("one"));
  tools().resource_updated(address("one"));
  ASSERT_TRUE(news_.await(updated("one"), before + 1));
}

TEST_P(subscriptions, what_there_is_not_is_refused) {
  const client one = connected();
  try {
    one.subscribe("notes://nowhere");
    FAIL() << "it is told of";
  } catch (const client_error& e) {
    EXPECT_EQ(e.why(), client_error::kind::refused) << e.what();
  }
  one.subscribe(address("one"));
}

TEST_P(subscriptions, lists_that_change_are_told) {
  const client one = connected();
  EXPECT_EQ(one.tools().size(), 1U);
  // Also where nothing is subscribed; when the server begins to tell of it, nobody says.
  int number = 0;
  const auto is_told = [&] {
    const std::string name = "more_" + std::to_string(++number);
    tools().add_tool({.name = name, .description = "more"}, [] { return std::string("more"); });
    return news_.count("notifications/tools/list_changed ") > 0;
  };
  ASSERT_TRUE(wait_until(is_told));
  EXPECT_EQ(one.tools().size(), 1U + static_cast<std::size_t>(number));
}

TEST_P(subscriptions, lists_are_told_beside_resources) {
  const client one = connected();
  one.subscribe(address("one"));
  tools().add_tool({.name = "more", .description = "more"}, [] { return std::string("more"); });
  EXPECT_TRUE(news_.await("notifications/tools/list_changed "));
  EXPECT_EQ(one.tools().size(), 2U);
}

// At a server that tells of nothing: what may have been missed is told all the same.
class lost_subscriptions : public hostile {
 protected:
  client connected() {
    client_options options;
    options.on_notification = [this](std::string_view method, const raw_json& params) {
      news_.hear(method, params);
    };
    return hostile::connected(options);
  }
  static void grant(const heard& asked, wire& out) {
    const json::value wanted = asked.params()["notifications"];
    out.begin_events();
    out.event(R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":)"
              R"({"notifications":{"resourceSubscriptions":)" +
              std::string(wanted["resourceSubscriptions"].raw()) + "}}}");
  }
  const std::string updated_ = "notifications/resources/updated notes://one";
  told_news news_;
};

TEST_F(lost_subscriptions, a_stream_that_is_cut_is_asked_for_again) {
  server.modern();
  std::atomic<int> granted{0};
  server.on("subscriptions/listen", [&](const heard& asked, wire& out) {
    if (!asked.params()["notifications"]["resourceSubscriptions"]) return out.hold();
    grant(asked, out);
    if (++granted == 1) return out.cut();
    out.hold();
  });
  const client one = connected();
  one.subscribe("notes://one");
  EXPECT_TRUE(news_.await(updated_));
  EXPECT_GE(granted, 2);
}

TEST_F(lost_subscriptions, a_session_that_is_new_is_asked_again) {
  server.sessions();
  server.on("resources/subscribe", [](const heard& asked, wire& out) { out.answer(asked, "{}"); });
  server.on("prompts/list", [](const heard& asked, wire& out) {
    if (asked.header("mcp-session-id") == "s1") {
      return out.reply(404, "application/json",
                       R"({"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"gone"}})");
    }
    out.answer(asked, R"({"prompts":[]})");
  });
  const client one = connected();
  one.subscribe("notes://one");
  one.prompts();
  EXPECT_TRUE(news_.await(updated_));
  EXPECT_EQ(server.count("resources/subscribe"), 2);
}

TEST_F(lost_subscriptions, a_server_without_such_a_stream_refuses) {
  server.modern();
  const client one = connected();
  EXPECT_EQ(error_of([&] { one.subscribe("notes://one"); }).why(), kind::refused);
}

TEST_F(lost_subscriptions, what_was_refused_may_be_granted_later) {
  server.modern();
  std::atomic<bool> grants{false};
  server.on("subscriptions/listen", [&](const heard& asked, wire& out) {
    if (grants && asked.params()["notifications"]["resourceSubscriptions"]) {
      grant(asked, out);
    } else {
      out.begin_events();
      out.event(R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged",)"
                R"("params":{"notifications":{}}})");
    }
    out.hold();
  });
  const client one = connected();
  told(error_of([&] { one.subscribe("notes://one"); }), kind::refused, "", "notes://one");
  grants = true;
  one.subscribe("notes://one");
}

INSTANTIATE_TEST_SUITE_P(all, subscriptions,
                         testing::Values("2026-07-28", "2025-11-25", "2025-06-18"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace longhaul::test
