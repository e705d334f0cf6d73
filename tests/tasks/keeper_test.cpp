// SPDX-License-Identifier: Apache-2.0
// What ticks does not keep what else ticks from its turn.
#include "tasks/keeper.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <stdexcept>

#include "stores/memory_store.hpp"
#include "support/process_census.hpp"
#include "tasks/engine_core.hpp"
#include "tasks/tool_source.hpp"

namespace longhaul::test {
namespace {

namespace asio = boost::asio;

tasks::engine_options ticking() {
  tasks::engine_options options;
  options.store = std::make_shared<stores::memory_store>();
  options.tools = std::make_shared<tasks::tool_list>();
  options.tick_interval = milliseconds(1);
  return options;
}

asio::awaitable<void> counted(std::atomic<int>& count) {
  ++count;
  co_return;
}

// A step of the upkeep waited for a database that was away, and the lease was not even asked for.
TEST(keeper, a_step_that_waits_holds_up_its_own_list_only) {
  tasks::engine_core core(ticking());
  tasks::keeper ticks(core);
  asio::steady_timer away(ticks.executor(), asio::steady_timer::time_point::max());
  std::atomic<int> waiting{0}, behind{0}, leases{0};
  const auto wait = [&]() -> asio::awaitable<void> {
    ++waiting;
    boost::system::error_code back;
    co_await away.async_wait(asio::redirect_error(asio::use_awaitable, back));
  };
  ticks.start({{[&] { return counted(leases); }}, {wait, [&] { return counted(behind); }}});
  ASSERT_TRUE(wait_until([&] { return waiting == 1; }));
  const int before = leases;
  EXPECT_TRUE(wait_until([&] { return leases >= before + 3; }));
  EXPECT_EQ(waiting, 1) << "of one list there is one round at a time";
  EXPECT_EQ(behind, 0);
  asio::post(ticks.executor(), [&] { away.cancel(); });
  EXPECT_TRUE(wait_until([&] { return behind == 1; }));
  asio::post(ticks.executor(), [&] { away.expires_at(asio::steady_timer::time_point::min()); });
  ticks.stop();
}

TEST(keeper, a_step_that_fails_keeps_no_other_from_its_turn) {
  tasks::engine_core core(ticking());
  tasks::keeper ticks(core);
  std::atomic<int> behind{0};
  const auto fail = []() -> asio::awaitable<void> {
    throw std::runtime_error("no");
    co_return;
  };
  ticks.start({{fail, [&] { return counted(behind); }}});
  EXPECT_TRUE(wait_until([&] { return behind >= 2; }));
  ticks.stop();
}

}  // namespace
}  // namespace longhaul::test
