// SPDX-License-Identifier: Apache-2.0
#include "postgres/reader.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "postgres/patience.hpp"
#include "postgres/reads.hpp"
#include "postgres/tunables.hpp"

namespace longhaul::postgres {

reader::reader(database& home, detail wanted)
    : home_(home),
      wanted_(wanted),
      queue_(
          home.context, tunables::reads_under_way,
          [](const batch& queue) { return std::min(queue.size(), tunables::reads_at_once); },
          [this](batch work) { return carry_out(std::move(work)); }) {}

awaitable<task_ptr> reader::find(std::string_view id) {
  look_up mine{id};
  co_await queue_.perform(mine);
  co_return std::move(mine.found);
}

awaitable<void> reader::carry_out(batch work) {
  try {
    co_await read(work);
  } catch (...) {
    for (look_up* each : work) each->error = std::current_exception();
  }
  work_queue<look_up>::wake_all(work);
}

awaitable<void> reader::read(const batch& work) {
  std::vector<std::string> ids;
  for (const look_up* each : work) ids.emplace_back(each->id);
  const auto look = [&](connection& link) { return rows_of(home_, link, ids, wanted_); };
  std::map<std::string, task_ptr, std::less<>> found;
  for (task_row& row : co_await with_connection(home_, purpose::reads, look)) {
    const std::string id = row.record->id();
    found.emplace(id, std::move(row.record));
  }
  for (look_up* each : work) {
    const auto at = found.find(each->id);
    if (at != found.end()) each->found = at->second;
  }
}

}  // namespace longhaul::postgres
