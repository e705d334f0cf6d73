// SPDX-License-Identifier: Apache-2.0
// The operators' side of the store (`store_operations`).
#include <algorithm>

#include "longhaul/stores/cursor.hpp"
#include "longhaul/stores/deadlines.hpp"
#include "longhaul/stores/task_id.hpp"
#include "postgres/postgres_store.hpp"
#include "postgres/reads.hpp"
#include "postgres/task_search.hpp"

namespace longhaul::postgres {

awaitable<std::optional<stores::found_page>> postgres_store::search(
    const stores::task_filter& filter, std::string_view cursor, std::size_t limit) {
  std::string before;
  if (!cursor.empty()) {
    const auto last = stores::parse_cursor(cursor);
    if (!last) co_return std::nullopt;
    before = *last;
  }
  const auto read = [&](connection& link) {
    return search_tasks(home_, link, filter, before, limit);
  };
  co_return co_await perform(purpose::reads, read);
}

awaitable<task_ptr> postgres_store::find(std::string_view id) {
  if (!is_task_id(id)) co_return nullptr;
  task_ptr found = co_await whole_.find(id);
  if (found && stores::expired(*found, now().mono)) found = nullptr;
  co_return found;
}

awaitable<task_ptr> postgres_store::oldest_waiting() {
  return perform(purpose::reads,
                 [this](connection& link) { return oldest_waiting_task(home_, link); });
}

awaitable<std::vector<stores::owner_use>> postgres_store::owners(std::size_t most) {
  return perform(purpose::reads,
                 [this, most](connection& link) { return largest_owners(home_, link, most); });
}

awaitable<std::vector<stores::process_info>> postgres_store::processes() {
  return perform(purpose::reads, [this](connection& link) { return living_servers(home_, link); });
}

awaitable<stores::store_stats> postgres_store::stats() {
  std::int64_t bytes = 0;
  const auto read = [&](connection& link) { return counts_of_all(home_, link, bytes); };
  stores::store_stats result = stores::total_of(co_await perform(purpose::reads, read));
  result.bytes = static_cast<std::size_t>(std::max<std::int64_t>(bytes, 0));
  co_return result;
}

awaitable<stores::counts_by_tool> postgres_store::counts() {
  std::int64_t bytes = 0;
  const auto read = [&](connection& link) { return counts_of_all(home_, link, bytes); };
  co_return co_await perform(purpose::reads, read);
}

awaitable<bool> postgres_store::pause(std::string_view tool) { return write_pause(tool, true); }
awaitable<bool> postgres_store::resume(std::string_view tool) { return write_pause(tool, false); }

awaitable<bool> postgres_store::write_pause(std::string_view tool, bool paused) {
  const std::string sql =
      home_.sql(paused ? "INSERT INTO @.paused SELECT $1, @.store_time() ON CONFLICT DO NOTHING"
                       : "DELETE FROM @.paused WHERE tool = $1");
  const auto write = [&](connection& link) -> awaitable<bool> {
    std::vector<statement> one;
    one.push_back({sql, {parameter::text(tool)}});
    const auto results = co_await link.run(std::move(one));
    ++home_.pauses;
    home_.paused = co_await paused_tools_of(home_, link);
    co_return results[0].written() == 1;
  };
  co_return co_await perform(purpose::writes, write);
}

// As of the last pulse, or of what we did since.
awaitable<stores::paused_tools> postgres_store::paused() {
  return on_database_thread(
      [this]() -> awaitable<stores::paused_tools> { co_return home_.paused; });
}

}  // namespace longhaul::postgres
