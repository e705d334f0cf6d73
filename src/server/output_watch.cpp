// SPDX-License-Identifier: Apache-2.0
#include "server/output_watch.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "server/tunables.hpp"

namespace longhaul::serving {

// What one listener has, or several of the same request. It follows the task, and knows its end.
class output_watch::held_output final : public resource_hold,
                                        public tasks::follower,
                                        public std::enable_shared_from_this<held_output> {
 public:
  held_output(output_watch& watch, std::string where, output_address parsed)
      : uri(std::move(where)), address(std::move(parsed)), watch_(watch) {}

  void begin() override { watch_.begin(shared_from_this()); }
  void on_task(const task_ptr& task) override {
    if (task->terminal()) ended_ = true;
  }
  void keep(tasks::hub::subscription following) { following_ = std::move(following); }
  bool ended() const noexcept { return ended_; }

  const std::string uri;
  const output_address address;

 private:
  output_watch& watch_;
  tasks::hub::subscription following_;
  std::atomic<bool> ended_{false};
};

output_watch::output_watch(output_source& outputs, tasks::engine& engine, resource_watch& listeners,
                           logger log)
    : outputs_(outputs), engine_(engine), listeners_(listeners), log_(std::move(log)) {}

output_watch::~output_watch() {
  {
    const guard lock(mutex_);
    closing_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void output_watch::start() {
  thread_ = std::thread([this] { run(); });
}

awaitable<resource_hold_ptr> output_watch::hold(const caller& who, std::string_view uri) {
  auto address = parse_output_address(uri);
  if (!address) co_return nullptr;
  if (address->offset || address->tail) {
    throw std::invalid_argument(
        "captured output is subscribed to as a whole: without ?offset and ?tail");
  }
  const auto held = std::make_shared<held_output>(*this, std::string(uri), *std::move(address));
  held->keep(engine_.follow(held->address.task, held));
  const task_ptr task = co_await engine_.get_any(who.owner, held->address.task);
  if (!task) co_return nullptr;
  held->on_task(task);
  co_return held;
}

void output_watch::begin(const std::shared_ptr<held_output>& hold) {
  const guard lock(mutex_);
  watched& output = watched_[hold->uri];
  output.told.reset();
  const bool there =
      std::ranges::any_of(output.holds, [&](const auto& weak) { return weak.lock() == hold; });
  if (!there) output.holds.push_back(hold);
  changed_.notify_all();
}

// One hold of each address that somebody has.
std::vector<std::shared_ptr<output_watch::held_output>> output_watch::looked_at() {
  std::vector<std::shared_ptr<held_output>> all;
  const guard lock(mutex_);
  for (auto at = watched_.begin(); at != watched_.end();) {
    auto& holds = at->second.holds;
    std::erase_if(holds, [](const auto& weak) { return weak.expired(); });
    if (holds.empty()) {
      at = watched_.erase(at);
      continue;
    }
    if (auto one = holds.front().lock()) all.push_back(std::move(one));
    ++at;
  }
  return all;
}

bool output_watch::closing() {
  const guard lock(mutex_);
  return closing_;
}

void output_watch::look() {
  for (const auto& one : looked_at()) {
    if (closing()) return;
    try {
      look_at(*one);
    } catch (const std::exception& e) {
      log_.error("output.unwatched", e.what());  // the next look tries again
    }
  }
}

void output_watch::look_at(const held_output& one) {
  bool over = one.ended();
  std::optional<output_source::extent> now;
  try {
    over = over && !outputs_.in_use(one.address.task);
    now = outputs_.look(one.address.task, one.address.stream);
  } catch (const std::runtime_error&) {  // NOLINT(bugprone-empty-catch)
    // It cannot be read, or went just now: whoever reads it is told.
  }
  {
    const guard lock(mutex_);
    const auto entry = watched_.find(one.uri);
    if (entry == watched_.end()) return;
    std::optional<output_source::extent>& told = entry->second.told;
    const bool is_news = told ? told != now : now && now->total > 0;
    if (!over && !is_news) return;
    told = now;
    if (over) watched_.erase(entry);
  }
  listeners_.updated(one.uri);
}

void output_watch::run() {
  guard lock(mutex_);
  while (!closing_) {
    if (watched_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto next = std::chrono::steady_clock::now() + tunables::output_look_every;
    while (!closing_ && changed_.wait_until(lock, next)) {
    }
    if (closing_) return;
    lock.unlock();
    look();
    lock.lock();
  }
}

}  // namespace longhaul::serving
