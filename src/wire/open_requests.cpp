// SPDX-License-Identifier: Apache-2.0
#include "wire/open_requests.hpp"

#include <utility>
#include <vector>

#include "wire/tunables.hpp"

namespace longhaul::wire {

opening open_requests::open(const std::string& key, bool urgent) {
  constexpr std::size_t bound = tunables::open_requests_per_session;
  const guard lock(mutex_);
  if (entries_.contains(key)) return opening::in_use;
  if (entries_.size() >= bound + (urgent ? tunables::urgent_requests : 0)) return opening::full;
  entries_.try_emplace(key);
  return opening::opened;
}

void open_requests::attach(const std::string& key,
                           const std::shared_ptr<serving::exchange>& exchange) {
  bool late = false;
  {
    const guard lock(mutex_);
    const auto at = entries_.find(key);
    if (at == entries_.end()) return;
    at->second.exchange = exchange;
    late = at->second.cancelled || at->second.left;
  }
  if (late) exchange->abandon();
}

bool open_requests::close(const std::string& key) {
  const guard lock(mutex_);
  const auto at = entries_.find(key);
  if (at == entries_.end()) return false;
  const bool cancelled = at->second.cancelled;
  entries_.erase(at);
  return cancelled;
}

void open_requests::cancel(const std::string& key) {
  std::shared_ptr<serving::exchange> exchange;
  {
    const guard lock(mutex_);
    const auto at = entries_.find(key);
    if (at == entries_.end()) return;
    at->second.cancelled = true;
    exchange = at->second.exchange;
  }
  if (exchange) exchange->abandon();
}

void open_requests::leave(std::chrono::steady_clock::time_point opened_by) {
  std::vector<std::shared_ptr<serving::exchange>> exchanges;
  {
    const guard lock(mutex_);
    for (auto& [key, request] : entries_) {
      if (request.since > opened_by || std::exchange(request.left, true)) continue;
      if (request.exchange) exchanges.push_back(request.exchange);
    }
  }
  for (const auto& exchange : exchanges) exchange->abandon();
}

bool open_requests::empty() const {
  const guard lock(mutex_);
  return entries_.empty();
}

open_request::open_request(std::shared_ptr<open_requests> requests, std::string key, bool urgent)
    : requests_(std::move(requests)), key_(std::move(key)) {
  if (requests_ == nullptr) return;
  state_ = requests_->open(key_, urgent);
  if (state_ != opening::opened) requests_ = nullptr;
}

void open_request::attach(const std::shared_ptr<serving::exchange>& exchange) {
  if (requests_) requests_->attach(key_, exchange);
}

bool open_request::close() {
  const auto requests = std::exchange(requests_, nullptr);
  return requests != nullptr && requests->close(key_);
}

}  // namespace longhaul::wire
