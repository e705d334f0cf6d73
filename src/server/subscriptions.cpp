// SPDX-License-Identifier: Apache-2.0
#include "server/subscriptions.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "server/pace.hpp"
#include "server/tunables.hpp"
#include "server/waiting.hpp"

namespace longhaul::serving {
namespace {

// What one subscription has still to tell.
class news {
 public:
  news(const context& server, exchange& mailbox, audience& listener)
      : server_(server), mailbox_(mailbox), listener_(listener) {}

  void take(exchange::batch& batch);
  /// `at_once`: the last chance.
  void tell(bool at_once);
  /// When there is something to tell.
  exchange::clock::time_point wake_at();

 private:
  struct hearing {
    notify_window window = {};
    std::optional<task_status> told = std::nullopt;
  };

  bool tell_state(const task_ptr& task, bool at_once, monotonic_time now);

  const context& server_;
  exchange& mailbox_;
  audience& listener_;
  std::vector<task_ptr> pending_;
  std::map<std::string, hearing> heard_;
  bool tools_changed_ = false;
  notify_window tools_window_;
  bool slow_ = false;
};

void news::take(exchange::batch& batch) {
  tools_changed_ = tools_changed_ || batch.tools_changed;
  for (task_ptr& task : batch.tasks) {
    const auto known = std::ranges::find(pending_, task->id(),
                                         [](const task_ptr& one) -> auto& { return one->id(); });
    if (known == pending_.end()) {
      pending_.push_back(std::move(task));
    } else if ((*known)->rev < task->rev) {
      *known = std::move(task);
    }
  }
}

// True: it is told, or nothing that the caller did not hear.
bool news::tell_state(const task_ptr& task, bool at_once, monotonic_time now) {
  const auto seen = mailbox_.seen.find(task->id());
  if (seen == mailbox_.seen.end() || task->rev <= seen->second) return true;
  hearing& ears = heard_[task->id()];
  if (!at_once && !may_tell(ears.window, ears.told, *task, now)) return false;
  if (!listener_.changed(server_.view(task))) {
    slow_ = true;
    return false;
  }
  ears.window.note(now);
  ears.told = task->status;
  seen->second = task->rev;
  return true;
}

void news::tell(bool at_once) {
  slow_ = false;
  const auto now = server_.engine.clock().monotonic();
  std::erase_if(pending_, [&](const task_ptr& task) { return tell_state(task, at_once, now); });
  if (!tools_changed_ || at_once || tools_window_.allowed_at(now) > now) return;
  if (listener_.tools_changed()) {
    tools_changed_ = false;
    tools_window_.note(now);
  } else {
    slow_ = true;
  }
}

exchange::clock::time_point news::wake_at() {
  if (slow_) return exchange::clock::now() + tunables::retry_after_full;
  const auto now = server_.engine.clock().monotonic();
  auto next = monotonic_time::max();
  for (const task_ptr& task : pending_) {
    next = std::min(next, heard_[task->id()].window.allowed_at(now));
  }
  if (tools_changed_) next = std::min(next, tools_window_.allowed_at(now));
  return on_timer(next, now);
}

}  // namespace

awaitable<reply<std::vector<task_view>>> subscriptions::follow(const caller& who,
                                                               std::span<const std::string> ids,
                                                               exchange_ptr mailbox) const {
  std::vector<task_view> result;
  try {
    for (const std::string& id : ids) {
      if (mailbox->seen.contains(id)) continue;
      auto following = server_.engine.follow(id, mailbox);
      task_ptr task = co_await server_.engine.get(who.owner, id);
      if (!task) continue;  // the registration ends with this scope
      mailbox->seen.emplace(id, task->rev);
      mailbox->following.push_back(std::move(following));
      result.push_back(server_.view(std::move(task)));
    }
    co_return result;
  } catch (const std::exception& e) {
    mailbox->following.clear();
    mailbox->close();
    co_return server_.failure(e);
  }
}

awaitable<bool> subscriptions::listen(exchange_ptr mailbox, audience& listener) const {
  const exchange_closer closing(*mailbox);
  news untold(server_, *mailbox, listener);
  listener.waiting();
  while (true) {
    co_await mailbox->wait(untold.wake_at());
    exchange::batch batch = mailbox->take();
    if (batch.abandoned && !batch.shutting_down) co_return false;
    untold.take(batch);
    untold.tell(batch.shutting_down);
    if (batch.shutting_down) co_return true;
  }
}

}  // namespace longhaul::serving
