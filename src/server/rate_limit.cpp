// SPDX-License-Identifier: Apache-2.0
// Rates as one time for each bucket: when it will be empty again, if nothing comes (the generic
// cell rate algorithm). A bucket that is empty need not be remembered.
//
// A call counts against several rates. All of them are asked before one is touched, under one lock,
// so a call that is refused costs nobody anything.
#include "longhaul/rate_limit.hpp"

#include <algorithm>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/mutex.hpp"
#include "base/tunables.hpp"
#include "server/tunables.hpp"

namespace longhaul {
namespace {

using std::chrono::nanoseconds;

class buckets {
 public:
  /// `counted`: what, for those who are refused.
  buckets(const rate& allowed, std::string_view counted)
      : apart_(nanoseconds(allowed.per) / allowed.count),
        together_(allowed.per),
        counted_(counted) {}

  std::string_view counted() const noexcept { return counted_; }

  /// 0: one more may come now.
  nanoseconds wait(const std::string& who, nanoseconds at) const {
    const auto known = empty_at_.find(who);
    const nanoseconds empty_at = known == empty_at_.end() ? at : std::max(known->second, at);
    return std::max(empty_at + apart_ - at - together_, nanoseconds(0));
  }

  void take(const std::string& who, nanoseconds at) {
    if (empty_at_.size() >= serving::tunables::rate_buckets) forget_empty(at);
    nanoseconds& empty_at = empty_at_[who];
    empty_at = std::max(empty_at, at) + apart_;
  }

 private:
  void forget_empty(nanoseconds at) {
    std::erase_if(empty_at_, [&](const auto& one) { return one.second <= at; });
    // So many are not empty: some are counted anew, enough that this is not done again at once.
    constexpr std::size_t kept = serving::tunables::rate_buckets / 4 * 3;
    while (empty_at_.size() > kept) empty_at_.erase(empty_at_.begin());
  }

  nanoseconds apart_, together_;
  std::string_view counted_;
  std::unordered_map<std::string, nanoseconds> empty_at_;
};

std::optional<buckets> buckets_for(const std::optional<rate>& allowed, std::string_view counted) {
  if (!allowed) return std::nullopt;
  if (allowed->count == 0 || allowed->per <= milliseconds(0) ||
      allowed->per > base::tunables::max_duration) {
    throw std::invalid_argument(
        "a rate needs a count above 0, and a time above 0, of 100 years at most");
  }
  return buckets(*allowed, counted);
}

class rate_limit final : public middleware {
 public:
  rate_limit(const rate_limits& limits, const clock_source& clock)
      : clock_(clock),
        calls_per_caller_(buckets_for(limits.calls_per_caller, "calls")),
        completions_(buckets_for(limits.completions_per_caller, "completions")),
        task_requests_(buckets_for(limits.task_requests_per_caller, "requests about tasks")),
        calls_(buckets_for(limits.calls, "calls of all callers")) {
    for (const auto& [name, allowed] : limits.tools) {
      tools_.emplace(name, *buckets_for(allowed, "calls of this tool"));
    }
  }

  void on_call(arriving_call& call) override {
    const guard lock(mutex_);
    const nanoseconds now = clock_.monotonic().time_since_epoch();
    const std::vector<share> shares = shares_of(call);
    nanoseconds longest(0);
    std::string_view counted;
    for (const auto& [which, who] : shares) {
      const nanoseconds wait = which->wait(who, now);
      if (wait <= longest) continue;
      longest = wait;
      counted = which->counted();
    }
    if (longest.count() > 0) {
      throw busy_error("too many " + std::string(counted) + ": try again later",
                       std::chrono::ceil<milliseconds>(longest));
    }
    for (const auto& [which, who] : shares) which->take(who, now);
  }

 private:
  struct share {
    buckets* which;
    std::string who;  // empty: all callers
  };

  // What this call counts against.
  std::vector<share> shares_of(const arriving_call& call) LONGHAUL_REQUIRES(mutex_) {
    std::vector<share> result;
    const auto add = [&](std::optional<buckets>& which, std::string_view who) {
      if (which) result.push_back({&*which, std::string(who)});
    };
    if (call.kind == call_kind::completion) {
      add(completions_, call.quota);
    } else if (call.kind == call_kind::task) {
      add(task_requests_, call.quota);
    } else {
      add(calls_per_caller_, call.quota);
      add(calls_, {});
      const auto tool = call.kind == call_kind::tool ? tools_.find(call.name) : tools_.end();
      if (tool != tools_.end()) result.push_back({&tool->second, {}});
    }
    return result;
  }

  const clock_source& clock_;
  guarded_mutex mutex_;
  std::optional<buckets> calls_per_caller_ LONGHAUL_GUARDED_BY(mutex_);
  std::optional<buckets> completions_ LONGHAUL_GUARDED_BY(mutex_);
  std::optional<buckets> task_requests_ LONGHAUL_GUARDED_BY(mutex_);
  std::optional<buckets> calls_ LONGHAUL_GUARDED_BY(mutex_);
  std::map<std::string, buckets, std::less<>> tools_ LONGHAUL_GUARDED_BY(mutex_);
};

}  // namespace

std::shared_ptr<middleware> limit_rates(const rate_limits& limits, const clock_source& clock) {
  return std::make_shared<rate_limit>(limits, clock);
}

}  // namespace longhaul
