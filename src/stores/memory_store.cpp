// SPDX-License-Identifier: Apache-2.0
#include "stores/memory_store.hpp"

#include <algorithm>

#include "base/clock_arithmetic.hpp"
#include "longhaul/error_codes.hpp"
#include "longhaul/stores/cursor.hpp"

namespace longhaul::stores {

memory_store::memory_store(memory_options options, const clock_source& clock)
    : clock_(clock), tasks_(options.shards, options.hidden_result_kept, clock) {}

// --- callers' side

namespace {

std::string_view word_of(const digest& hash) noexcept {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace

// A key's part stays locked from the look-up to the insertion: racers on one key come one after the
// other, and the second finds what the first has made.
create_result memory_store::create_with_key(const new_task& task, task_shards::aftermath& after) {
  const task_origin& origin = *task.origin;
  if (origin.idempotency_key.empty()) return create_unique(task, after);
  const std::string joined = key_index::join(origin, origin.idempotency_key);
  key_index::part& keys = keys_.part_of(joined);
  const guard lock(keys.mutex);
  if (const auto known = keys.ids.find(std::string_view(joined)); known != keys.ids.end()) {
    if (const task_ptr earlier = tasks_.find(known->second)) return known_by_key(earlier, origin);
  }
  create_result result = create_unique(task, after);
  if (result.code == create_code::created) keys.ids.insert_or_assign(joined, origin.id);
  return result;
}

create_result memory_store::create_unique(const new_task& task, task_shards::aftermath& after) {
  const task_origin& origin = *task.origin;
  if (!origin.unique_hash) return tasks_.insert(task, after);
  const std::string joined = key_index::join(origin, word_of(*origin.unique_hash));
  key_index::part& hashes = unique_.part_of(joined);
  const guard lock(hashes.mutex);
  if (const auto known = hashes.ids.find(std::string_view(joined)); known != hashes.ids.end()) {
    const task_ptr earlier = tasks_.find(known->second);
    if (earlier && holds_unique(*earlier, now().mono)) return known_by_hash(earlier, origin);
  }
  create_result result = tasks_.insert(task, after);
  if (result.code == create_code::created) hashes.ids.insert_or_assign(joined, origin.id);
  return result;
}

create_result memory_store::create_now(const new_task& task) {
  task_shards::aftermath after;
  create_result result = create_with_key(task, after);
  tasks_.settle(after);
  return result;
}

awaitable<create_result> memory_store::create(const new_task& task) { co_return create_now(task); }

awaitable<task_ptr> memory_store::get(std::string_view owner, std::string_view id) {
  task_ptr found = tasks_.find(id);
  if (found && found->owner() != owner) co_return nullptr;
  co_return found;
}

awaitable<std::optional<list_page>> memory_store::list(std::string_view owner,
                                                       std::optional<task_status> status,
                                                       std::string_view cursor, std::size_t limit) {
  std::string before;
  if (!cursor.empty()) {
    const auto last = parse_cursor(cursor);
    if (!last) co_return std::nullopt;
    before = *last;
  }
  list_page page;
  limit = std::max<std::size_t>(limit, 1);
  for (bool more = true; more;) {
    const auto origins = tasks_.owners().page(owner, before, tunables::list_chunk);
    more = origins.size() == tunables::list_chunk;
    if (!origins.empty()) before = origins.back()->id;
    for (const origin_ptr& origin : origins) {
      task_ptr found = tasks_.find(origin->id);
      if (!found || (status && found->status != *status)) continue;
      if (page.tasks.size() == limit) {  // one more than fits: there is a next page
        page.next_cursor = make_cursor(page.tasks.back()->id());
        co_return page;
      }
      page.tasks.push_back(std::move(found));
    }
  }
  co_return page;
}

awaitable<change_result> memory_store::answer(std::string_view owner, std::string_view id,
                                              std::span<const response> responses) {
  co_return tasks_.change(
      id, &owner,
      [&](const task_record& task, instant now) { return answered(task, responses, now); },
      growth::bounded);
}

awaitable<change_result> memory_store::cancel(std::string_view owner, std::string_view id,
                                              std::string_view reason, visibility sees) {
  co_return tasks_.change(id, &owner, [&](const task_record& task, instant now) {
    return cancelled(task, reason, sees, now);
  });
}

awaitable<change_result> memory_store::set_retention(std::string_view owner, std::string_view id,
                                                     std::optional<milliseconds> retention) {
  co_return tasks_.change(id, &owner, [&](const task_record& task, instant now) {
    return retained(task, retention, now);
  });
}

awaitable<change_result> memory_store::reveal(std::string_view owner, std::string_view id,
                                              std::optional<milliseconds> retention) {
  co_return tasks_.change(id, &owner, [&](const task_record& task, instant now) {
    return revealed(task, retention, now);
  });
}

// --- workers' side

awaitable<change_result> memory_store::report(std::string_view id, writer worker,
                                              const report_change& change) {
  co_return tasks_.change(id, nullptr, [&](const task_record& task, instant now) {
    return reported(task, worker, change, now);
  });
}

awaitable<change_result> memory_store::ask(std::string_view id, writer worker,
                                           std::span<const question> questions) {
  co_return tasks_.change(id, nullptr, [&](const task_record& task, instant now) {
    return asked(task, worker, questions, now);
  });
}

// A result for which there is no memory is lost; that its task has ended is not.
awaitable<change_result> memory_store::finish(std::string_view id, writer worker,
                                              const outcome& result, std::string_view message) {
  co_return tasks_.change(id, nullptr, [&](const task_record& task, instant now) {
    step ended = finished(task, worker, result, message, now);
    const std::size_t bytes = result.body.size();
    if (ended.code != change_code::applied || bytes <= rules::small_payload ||
        tasks_.quotas().has_memory(task.origin->quota, bytes)) {
      return ended;
    }
    constexpr std::string_view why = "there is no memory left for the result (max_memory)";
    const outcome lost = outcome::protocol_error(error_codes::result_too_large, std::string(why));
    return finished(task, worker, lost, why, now);
  });
}

awaitable<change_result> memory_store::retry(std::string_view id, writer worker,
                                             std::string_view why, monotonic_time not_before) {
  co_return tasks_.change(id, nullptr, [&](const task_record& task, instant now) {
    return retried(task, worker, why, not_before, now);
  });
}

awaitable<change_result> memory_store::release(std::string_view id, writer worker) {
  co_return tasks_.change(id, nullptr, [&](const task_record& task, instant now) {
    return released(task, worker, now);
  });
}

// --- processes

awaitable<std::vector<task_ptr>> memory_store::claim(const claim_request& request) {
  if (request.count == 0 || leases_.buried(request.process)) co_return std::vector<task_ptr>();
  co_return tasks_.claim(request);
}

awaitable<std::size_t> memory_store::queued_before(std::string_view id, std::size_t most) {
  co_return tasks_.queued_before(id, most);
}

awaitable<renew_result> memory_store::renew(process_id process, milliseconds lease) {
  const bool alive = leases_.renew(process, saturating_add(clock_.monotonic(), lease));
  co_return renew_result(alive);
}

awaitable<recover_result> memory_store::recover() {
  leases_.bury(clock_.monotonic());
  co_return tasks_.recover(leases_);
}

awaitable<std::vector<task_ptr>> memory_store::claimed(process_id process) {
  co_return tasks_.claimed_by(process);
}

awaitable<std::vector<task_ptr>> memory_store::external(std::string_view tool,
                                                        std::string_view after, std::size_t limit) {
  co_return tasks_.external(tool, after, limit);
}

// --- time

awaitable<std::size_t> memory_store::expire(std::size_t batch) { co_return tasks_.expire(batch); }

awaitable<std::vector<std::string>> memory_store::purge(std::size_t batch) {
  std::vector<std::string> removed;
  for (const task_ptr& task : tasks_.purge(batch)) {
    const task_origin& origin = *task->origin;
    if (!origin.idempotency_key.empty()) keys_.remove(origin, origin.idempotency_key);
    if (origin.unique_hash) unique_.remove(origin, word_of(*origin.unique_hash));
    removed.push_back(task->id());
  }
  co_return removed;
}

// --- the rest

awaitable<std::optional<found_page>> memory_store::search(const task_filter& filter,
                                                          std::string_view cursor,
                                                          std::size_t limit) {
  std::string_view before;
  if (!cursor.empty()) {
    const auto last = parse_cursor(cursor);
    if (!last) co_return std::nullopt;
    before = *last;
  }
  co_return page_of(tasks_.candidates(task_matcher(filter)), filter, before, limit);
}

awaitable<task_ptr> memory_store::find(std::string_view id) { co_return tasks_.find(id); }

awaitable<task_ptr> memory_store::oldest_waiting() {
  task_filter filter;
  filter.phases = {phase::waiting};
  co_return oldest_waiting_of(tasks_.candidates(task_matcher(filter)), now().mono);
}

awaitable<std::vector<owner_use>> memory_store::owners(std::size_t most) {
  co_return tasks_.quotas().largest(most);
}

awaitable<store_stats> memory_store::stats() {
  store_stats result = total_of(tasks_.counts());
  result.bytes = tasks_.quotas().bytes();
  co_return result;
}

awaitable<counts_by_tool> memory_store::counts() { co_return tasks_.counts(); }

awaitable<bool> memory_store::pause(std::string_view tool) { co_return tasks_.pause(tool); }

awaitable<bool> memory_store::resume(std::string_view tool) { co_return tasks_.resume(tool); }

awaitable<paused_tools> memory_store::paused() { co_return tasks_.paused(); }

awaitable<std::vector<std::string>> memory_store::unknown(std::span<const std::string> ids) {
  std::vector<std::string> result;
  for (const std::string& id : ids) {
    if (!tasks_.knows(id)) result.push_back(id);
  }
  co_return result;
}

std::size_t memory_store::index_size() {
  return tasks_.index_size() + keys_.size() + unique_.size();
}

}  // namespace longhaul::stores

namespace longhaul {

std::shared_ptr<stores::store> memory_store(const clock_source& clock) {
  return std::make_shared<stores::memory_store>(stores::memory_options{}, clock);
}

}  // namespace longhaul
