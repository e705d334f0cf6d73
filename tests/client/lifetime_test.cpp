// SPDX-License-Identifier: Apache-2.0
// Who may end before whom: clients with calls under way, calls that outlive their clients, many
// threads at once, waits on other executors. Mostly for ThreadSanitizer and AddressSanitizer.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <latch>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>

#include "client/client_fixture.hpp"
#include "support/seed.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;

class lifetime : public served {
 protected:
  lifetime() {
    tools().add_tool({.name = "quick", .description = "quick"},
                     [](task_context&) { return std::string("ok"); });
    tools().add_tool({.name = "forever", .description = "for ever"}, [](task_context& task) {
      task.progress(1, 2, "begun");
      while (true) task.sleep_for(std::chrono::hours(1));
    });
    serve();
  }
  client of(const char* version) {
    client_options options;
    options.only_version = version;
    return client({.url = url()}, options);
  }
};

constexpr const char* versions[] = {"2026-07-28", "2025-11-25", "2025-03-26"};

TEST_F(lifetime, a_call_outlives_its_client) {
  for (const char* const version : versions) {
    std::optional<client> one = of(version);
    const tool_call done = one->call("quick"), open = one->call("forever");
    EXPECT_EQ(done.wait().value().text(), "ok");
    one.reset();
    EXPECT_TRUE(open.ended());
    EXPECT_EQ(done.wait().value().text(), "ok");
    open.cancel();
    open.detach();
    EXPECT_TRUE(open.wait_for(0ms));
    EXPECT_NO_THROW(open.state());
  }
}

TEST_F(lifetime, a_client_ends_at_any_moment) {
  const std::uint64_t seed = random_seed();
  RecordProperty("seed", std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 30; ++round) {
    std::vector<tool_call> calls;
    std::atomic<int> changes = 0;
    {
      const client one = of(versions[random() % std::size(versions)]);
      call_options how;
      how.on_change = [&](const call_state&) { ++changes; };
      for (int i = 0; i < 8; ++i) {
        calls.push_back(one.call(random() % 2 == 0 ? "quick" : "forever", raw_json(), how));
      }
      const int wanted = static_cast<int>(random() % 4);
      if (wanted > 0) wait_until([&] { return changes >= wanted; }, 1s);
      for (const tool_call& each : calls) {
        if (random() % 4 == 0) each.cancel();
        if (random() % 4 == 0) each.detach();
      }
    }
    for (const tool_call& each : calls) EXPECT_TRUE(each.ended()) << "seed " << seed;
  }
}

TEST_F(lifetime, many_threads_use_one_client) {
  for (const char* const version : versions) {
    const client one = of(version);
    std::vector<std::jthread> threads;
    std::atomic<int> done = 0;
    for (int i = 0; i < 64; ++i) {
      threads.emplace_back([&] {
        for (int call = 0; call < 4; ++call)
          done += one.call("quick").wait().value().text() == "ok";
        done += one.tools().size() == 2;
      });
    }
    threads.clear();
    EXPECT_EQ(done, 64 * 5) << version;
  }
}

TEST_F(lifetime, a_call_is_awaited_on_another_executor) {
  boost::asio::io_context context;
  const client one = of("2026-07-28");
  const tool_call call = one.call("quick");
  const auto waiting = [&]() -> boost::asio::awaitable<std::string> {
    const call_outcome end = co_await call.async_wait();
    const raw_json tools = co_await one.async_request("tools/list");
    co_return end.value().text() + (tools ? " and tools" : "");
  };
  auto text = boost::asio::co_spawn(context, waiting, boost::asio::use_future);
  context.run();
  EXPECT_EQ(text.get(), "ok and tools");
}

TEST_F(lifetime, a_client_moves_and_is_replaced) {
  client one = of("2026-07-28");
  const tool_call call = one.call("forever");
  client other = std::move(one);
  EXPECT_EQ(other.tools().size(), 2U);
  EXPECT_FALSE(call.ended());
  other = of("2025-11-25");
  EXPECT_TRUE(call.ended());
  EXPECT_EQ(other.call("quick").wait().value().text(), "ok");
}

TEST_F(lifetime, a_client_ends_in_its_own_callback) {
  auto one = std::make_unique<client>(of("2026-07-28"));
  std::latch begun(1), ended(1);
  call_options how;
  how.on_change = [&](const call_state&) {
    begun.wait();
    if (!one) return;
    one.reset();
    ended.count_down();
  };
  const tool_call call = one->call("forever", raw_json(), how);
  begun.count_down();
  ended.wait();
  EXPECT_TRUE(call.ended());
}

TEST_F(lifetime, a_callback_that_runs_is_waited_for) {
  std::latch entered(1);
  std::atomic<bool> left = false;
  {
    const client one = of("2026-07-28");
    call_options how;
    how.on_change = [&](const call_state& state) {
      if (state.status != task_status::working || left) return;
      entered.count_down();
      for (int i = 0; i < 1'000; ++i) std::this_thread::yield();
      left = true;
      throw std::runtime_error("is dropped");
    };
    const tool_call call = one.call("forever", raw_json(), how);
    entered.wait();
  }
  EXPECT_TRUE(left);
}

}  // namespace
}  // namespace longhaul::test
