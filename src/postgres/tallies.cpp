// SPDX-License-Identifier: Apache-2.0
#include "postgres/tallies.hpp"

#include <span>

#include "longhaul/stores/bounds.hpp"
#include "longhaul/stores/transitions.hpp"
#include "postgres/tunables.hpp"

namespace longhaul::postgres {
namespace {

struct demand {
  std::int64_t now = 0;
  std::size_t amount = 1;
  std::size_t bound = 0;  // 0: none
  std::string_view name = {};
};

bool fits(const demand& wanted) noexcept {
  if (wanted.bound == 0) return true;
  const auto now = static_cast<std::size_t>(std::max<std::int64_t>(wanted.now, 0));
  return now < wanted.bound && wanted.amount <= wanted.bound - now;
}

std::string_view first_refused(std::span<const demand> all) noexcept {
  for (const demand& each : all) {
    if (!fits(each)) return each.name;
  }
  return {};
}

// The tighter one of two bounds on the same bytes.
demand stored_bytes(std::int64_t now, std::size_t bytes, std::size_t bound, std::string_view name,
                    std::size_t memory) noexcept {
  const bool tighter = memory != 0 && (bound == 0 || memory < bound);
  return {now, bytes, tighter ? memory : bound, tighter ? stores::bound_names::memory : name};
}

std::size_t with_answers(std::size_t bound) noexcept {
  return bound + bound / stores::rules::answer_room_divisor;
}

}  // namespace

numbers& numbers::operator+=(const numbers& more) noexcept {
  for (std::size_t i = 0; i < kinds; ++i) all[i] += more.all[i];
  return *this;
}

numbers numbers::operator-() const noexcept {
  numbers result;
  for (std::size_t i = 0; i < kinds; ++i) result.all[i] = -all[i];
  return result;
}

std::int64_t numbers::stored_tasks() const noexcept {
  return open_tasks() + all[completed] + all[failed] + all[cancelled];
}

numbers numbers_of(const task_record& task, std::size_t bytes) {
  numbers result;
  const auto size = static_cast<std::int64_t>(bytes);
  result.all[static_cast<std::size_t>(task.status)] = 1;
  result.all[numbers::stored_bytes] = size;
  if (task.terminal()) return result;
  result.all[numbers::open_bytes] = size;
  result.all[numbers::queued] = stores::queued(task) ? 1 : 0;
  result.all[numbers::external] = task.origin->external ? 1 : 0;
  return result;
}

stores::status_counts counts_of(const numbers& sums) {
  const auto number = [&](numbers::kind kind) {
    return static_cast<std::size_t>(std::max<std::int64_t>(sums.all[kind], 0));
  };
  stores::status_counts result;
  result.working = number(numbers::working);
  result.input_required = number(numbers::input_required);
  result.completed = number(numbers::completed);
  result.failed = number(numbers::failed);
  result.cancelled = number(numbers::cancelled);
  result.queued = number(numbers::queued);
  result.external = number(numbers::external);
  return result;
}

numbers tallies::use_of(std::string_view quota) const {
  numbers result;
  if (const auto own = own_.find(quota); own != own_.end()) result += own->second;
  if (const auto more = others_.find(quota); more != others_.end()) result += more->second.sums;
  return result;
}

numbers tallies::use_of_all() const {
  numbers result = all_own_;
  return result += all_others_.sums;
}

std::string_view tallies::refuses(std::string_view quota, const stores::create_bounds& bounds,
                                  std::size_t bytes) const {
  namespace names = stores::bound_names;
  if (bounds.known_only) return names::known_only;
  const numbers all = use_of_all(), mine = use_of(quota);
  const std::array<demand, 8> wanted = {
      {{all.open_tasks(), 1, bounds.open_total, names::open_total},
       {all.stored_tasks(), 1, bounds.stored_total, names::stored_total},
       {all.all[numbers::open_bytes], bytes, bytes_.open_total, names::open_bytes_total},
       stored_bytes(all.all[numbers::stored_bytes], bytes, bytes_.stored_total,
                    names::stored_bytes_total, bytes_.memory_total),
       {mine.open_tasks(), 1, bounds.open_per_quota, names::open_per_quota},
       {mine.stored_tasks(), 1, bounds.stored_per_quota, names::stored_per_quota},
       {mine.all[numbers::open_bytes], bytes, bytes_.open_per_quota, names::open_bytes_per_quota},
       stored_bytes(mine.all[numbers::stored_bytes], bytes, bytes_.stored_per_quota,
                    names::stored_bytes_per_quota, bytes_.memory_per_quota)}};
  return first_refused(wanted);
}

bool tallies::may_grow(std::string_view quota, std::size_t more) const {
  // A small answer always lets its task go on, and end. There is one for each question at most.
  if (more <= stores::rules::small_payload) return true;
  const std::array<demand, 2> wanted = {
      {{use_of_all().all[numbers::open_bytes], more,
        bytes_.open_total == 0 ? 0 : with_answers(bytes_.open_total), "all"},
       {use_of(quota).all[numbers::open_bytes], more,
        bytes_.open_per_quota == 0 ? 0 : with_answers(bytes_.open_per_quota), "quota"}}};
  return first_refused(wanted).empty();
}

void tallies::add(std::string_view quota, const numbers& change) {
  all_own_ += change;
  auto at = own_.find(quota);
  if (at == own_.end()) at = own_.emplace(quota, numbers()).first;
  at->second += change;
  if (at->second.none()) own_.erase(at);
}

void tallies::set_own(stores::by_name<numbers> sums) {
  own_ = std::move(sums);
  all_own_ = {};
  for (const auto& [quota, mine] : own_) all_own_ += mine;
}

bool tallies::is_known(std::string_view quota, std::chrono::steady_clock::time_point now) const {
  const auto fresh = [now](const heard& use) { return now - use.at < tunables::others_known_for; };
  const auto found = others_.find(quota);
  return fresh(all_others_) && found != others_.end() && fresh(found->second);
}

void tallies::heard_of_others(std::string_view quota, const numbers& sums,
                              std::chrono::steady_clock::time_point now) {
  forget_old(now);
  auto at = others_.find(quota);
  if (at == others_.end()) at = others_.emplace(quota, heard()).first;
  at->second = {sums, now};
}

void tallies::heard_of_all_others(const numbers& sums, std::chrono::steady_clock::time_point now) {
  all_others_ = {sums, now};
}

void tallies::forget_old(std::chrono::steady_clock::time_point now) {
  if (now - forgotten_at_ < 60 * tunables::others_known_for) return;
  forgotten_at_ = now;
  std::erase_if(others_, [now](const auto& each) {
    return now - each.second.at > 60 * tunables::others_known_for;
  });
}

}  // namespace longhaul::postgres
