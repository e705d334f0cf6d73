// SPDX-License-Identifier: Apache-2.0
#include "postgres/places.hpp"

#include <utility>

namespace longhaul::postgres {

awaitable<bool> leave_place(database& home, connection& link, std::string_view id,
                            std::uint64_t epoch) {
  const std::string free = home.sql("DELETE FROM @.places WHERE id = $1 AND epoch = $2");
  std::vector<statement> one;
  one.push_back(
      {free, {parameter::text(id), parameter::integer(static_cast<std::int64_t>(epoch))}});
  const auto results = co_await link.run(std::move(one));
  home.plan.starts.add(monotonic_time::min());
  co_return results.front().written() > 0;
}

awaitable<std::vector<stores::run_name>> places_left_behind(database& home, connection& link,
                                                            process_id process) {
  const std::string sql = home.sql(R"sql(
SELECT p.id, p.epoch FROM @.places p WHERE p.holder = $1 AND NOT EXISTS (
  SELECT 1 FROM @.states s WHERE s.id = p.id AND s.epoch = p.epoch AND s.process = p.holder))sql");
  std::vector<statement> one;
  one.push_back({sql, {parameter::bytes_of(process.bytes)}});
  const auto results = co_await link.run(std::move(one));
  const rows& found = results.front();
  std::vector<stores::run_name> runs;
  runs.reserve(static_cast<std::size_t>(found.size()));
  for (int row = 0; row < found.size(); ++row) {
    runs.push_back(
        {found.at(row, 0).text(), static_cast<std::uint64_t>(found.at(row, 1).integer())});
  }
  co_return runs;
}

// One that is locked is free at the next look: who holds it may be frozen.
awaitable<void> free_places_of_the_dead(database& home, connection& link) {
  const std::string free = home.sql(R"sql(
DELETE FROM @.places WHERE (id, epoch) IN (
  SELECT p.id, p.epoch FROM @.places p WHERE NOT EXISTS (
    SELECT 1 FROM @.processes o WHERE o.id = p.holder AND NOT o.dead) FOR UPDATE SKIP LOCKED))sql");
  std::vector<statement> one;
  one.push_back({free});
  co_await link.run(std::move(one));
  home.plan.starts.add(monotonic_time::min());
}

}  // namespace longhaul::postgres
