// SPDX-License-Identifier: Apache-2.0
// Rates as one time for each bucket: when it will be empty again, if nothing comes (the generic
// cell rate algorithm). A bucket that is empty need not be remembered.
#include "longhaul/rate_limit.hpp"

#include <algorithm>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "base/mutex.hpp"
#include "server/tunables.hpp"

namespace longhaul {
namespace {

using std::chrono::microseconds;

class buckets {
 public:
  explicit buckets(const rate& allowed)
      : apart_(std::chrono::duration_cast<microseconds>(allowed.per) / allowed.count),
        together_(allowed.per) {}

  /// How long it has to wait; 0: it may come now, and counts.
  milliseconds take(std::string_view who, monotonic_time now) {
    const auto at = std::chrono::duration_cast<microseconds>(now.time_since_epoch());
    const guard lock(mutex_);
    if (empty_at_.size() >= serving::tunables::rate_buckets) forget_empty(at);
    microseconds& empty_at = empty_at_[std::string(who)];
    const microseconds next = std::max(empty_at, at) + apart_;
    if (next - at > together_) return std::chrono::ceil<milliseconds>(next - at - together_);
    empty_at = next;
    return milliseconds(0);
  }

 private:
  void forget_empty(microseconds at) LONGHAUL_REQUIRES(mutex_) {
    std::erase_if(empty_at_, [&](const auto& one) { return one.second <= at; });
    // So many are not empty: some are counted anew, enough that this is not done again at once.
    constexpr std::size_t kept = serving::tunables::rate_buckets / 4 * 3;
    while (empty_at_.size() > kept) empty_at_.erase(empty_at_.begin());
  }

  const microseconds apart_, together_;
  guarded_mutex mutex_;
  std::unordered_map<std::string, microseconds> empty_at_ LONGHAUL_GUARDED_BY(mutex_);
};

std::unique_ptr<buckets> buckets_for(const std::optional<rate>& allowed) {
  if (!allowed) return nullptr;
  if (allowed->count == 0 || allowed->per <= milliseconds(0)) {
    throw std::invalid_argument("a rate needs a count and a time above 0");
  }
  return std::make_unique<buckets>(*allowed);
}

class rate_limit final : public middleware {
 public:
  rate_limit(const rate_limits& limits, const clock_source& clock)
      : clock_(clock),
        calls_per_caller_(buckets_for(limits.calls_per_caller)),
        completions_(buckets_for(limits.completions_per_caller)),
        task_requests_(buckets_for(limits.task_requests_per_caller)),
        calls_(buckets_for(limits.calls)) {
    for (const auto& [name, allowed] : limits.tools) tools_.emplace(name, buckets_for(allowed));
  }

  void on_call(arriving_call& call) override {
    if (call.kind == call_kind::completion) return take(completions_.get(), call, "completions");
    if (call.kind == call_kind::task)
      return take(task_requests_.get(), call, "requests about tasks");
    take(calls_per_caller_.get(), call, "calls");
    if (call.kind == call_kind::tool) {
      const auto tool = tools_.find(call.name);
      if (tool != tools_.end()) take(*tool->second, {}, "calls of this tool");
    }
    if (calls_) take(*calls_, {}, "calls of all callers");
  }

 private:
  void take(buckets* which, const arriving_call& call, std::string_view counted) const {
    if (which != nullptr) take(*which, call.quota, counted);
  }
  void take(buckets& which, std::string_view who, std::string_view counted) const {
    const milliseconds wait = which.take(who, clock_.monotonic());
    if (wait.count() > 0)
      throw busy_error("too many " + std::string(counted) + ": try again later", wait);
  }

  const clock_source& clock_;
  const std::unique_ptr<buckets> calls_per_caller_, completions_, task_requests_, calls_;
  std::map<std::string, std::unique_ptr<buckets>, std::less<>> tools_;
};

}  // namespace

std::shared_ptr<middleware> limit_rates(const rate_limits& limits, const clock_source& clock) {
  return std::make_shared<rate_limit>(limits, clock);
}

}  // namespace longhaul
