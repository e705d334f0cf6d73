// SPDX-License-Identifier: Apache-2.0
#include "tasks/keeper.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <future>
#include <utility>

#include "tasks/sync.hpp"

namespace longhaul::tasks {

void keeper::start(std::vector<std::vector<step>> lists) {
  for (std::vector<step>& steps : lists) {
    lists_.push_back({std::move(steps), boost::asio::steady_timer(context_)});
  }
  thread_ = std::thread([this] { context_.run(); });
  if (core_.options.manual) return;
  boost::asio::post(context_, [this] {
    for (list& one : lists_) schedule(one);
  });
}

void keeper::stop() {
  if (closing_.exchange(true)) return;
  work_.reset();
  boost::asio::post(context_, [this] {
    for (list& one : lists_) one.timer.cancel();
  });
  if (thread_.joinable()) thread_.join();
}

void keeper::schedule(list& one) {
  if (closing_) return;
  one.timer.expires_after(core_.options.tick_interval);
  one.timer.async_wait([this, &one](boost::system::error_code error) {
    if (error || closing_) return;
    boost::asio::co_spawn(context_, run_steps(one),
                          [this, &one](const std::exception_ptr&) { schedule(one); });
  });
}

void keeper::flush() {
  std::promise<void> reached;
  boost::asio::post(context_, [&reached] { reached.set_value(); });
  reached.get_future().wait();
}

void keeper::tick() {
  const guard lock(tick_mutex_);
  for (const list& one : lists_) sync(run_steps(one));
}

boost::asio::awaitable<void> keeper::run_steps(const list& one) {
  watch_store();
  for (const step& next : one.steps) {
    try {
      co_await next();
    } catch (const std::exception& e) {
      if (core_.in_trouble()) continue;
      core_.log.trouble("upkeep.failed", std::string("the next tick tries again: ") + e.what());
    }
  }
}

void keeper::watch_store() {
  std::string trouble = core_.options.store->trouble_in_full();
  if (trouble == told_trouble_) return;
  if (trouble.empty()) {
    core_.log.lines().info("store.mended", "the store can be written again");
  } else {
    core_.log.trouble("store.trouble", trouble);
  }
  told_trouble_ = std::move(trouble);
}

}  // namespace longhaul::tasks
