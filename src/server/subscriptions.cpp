// SPDX-License-Identifier: Apache-2.0
#include "server/subscriptions.hpp"

#include <algorithm>
#include <array>
#include <deque>
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
  struct listening {
    bool changed = false;
    notify_window window = {};
  };
  void tell_lists(monotonic_time now);
  void tell_updates(monotonic_time now);
  void tell_notices();

  std::array<listening, list_kinds> lists_;
  std::map<std::string, listening> updates_;  // by address
  std::deque<notice_ptr> notices_;
  bool slow_ = false;
};

void news::take(exchange::batch& batch) {
  for (std::size_t i = 0; i < list_kinds; ++i) lists_[i].changed |= batch.lists_changed[i];
  for (const std::string& uri : batch.updated) updates_[uri].changed = true;
  for (notice_ptr& notice : batch.notices) {
    if (notices_.size() == tunables::waiting_notices) notices_.pop_front();  // a slow peer
    notices_.push_back(std::move(notice));
  }
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
  if (at_once) return;
  tell_lists(now);
  tell_updates(now);
  tell_notices();
}

void news::tell_notices() {
  while (!notices_.empty()) {
    if (!listener_.notice(*notices_.front())) {
      slow_ = true;
      return;
    }
    notices_.pop_front();
  }
}

void news::tell_lists(monotonic_time now) {
  for (std::size_t i = 0; i < list_kinds; ++i) {
    listening& list = lists_[i];
    if (!list.changed || list.window.allowed_at(now) > now) continue;
    if (listener_.list_changed(static_cast<list_kind>(i))) {
      list.changed = false;
      list.window.note(now);
    } else {
      slow_ = true;
    }
  }
}

void news::tell_updates(monotonic_time now) {
  for (auto& [uri, update] : updates_) {
    if (!update.changed || update.window.allowed_at(now) > now) continue;
    if (listener_.resource_updated(uri)) {
      update.changed = false;
      update.window.note(now);
    } else {
      slow_ = true;
    }
  }
}

exchange::clock::time_point news::wake_at() {
  if (slow_) return exchange::clock::now() + tunables::retry_after_full;
  const auto now = server_.engine.clock().monotonic();
  auto next = monotonic_time::max();
  for (const task_ptr& task : pending_) {
    next = std::min(next, heard_[task->id()].window.allowed_at(now));
  }
  for (listening& list : lists_) {
    if (list.changed) next = std::min(next, list.window.allowed_at(now));
  }
  for (auto& [uri, update] : updates_) {
    if (update.changed) next = std::min(next, update.window.allowed_at(now));
  }
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
