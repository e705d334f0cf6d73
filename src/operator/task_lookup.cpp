// SPDX-License-Identifier: Apache-2.0
#include "operator/task_lookup.hpp"

#include "operator/tunables.hpp"

namespace longhaul::operating {

awaitable<task_ptr> task_of(const api_call& call) {
  const std::string id(call.subject);
  task_ptr task = co_await call.server.store().find(id);
  if (!task) throw api_error(404, "there is no task " + id, "it may have been removed by now");
  co_return task;
}

awaitable<counted_tasks> find_ids(const api_call& call, stores::task_filter filter,
                                  std::size_t most) {
  counted_tasks found;
  std::string cursor;
  while (true) {
    if (call.server.streams.closed()) throw api_error(503, "the server is ending");
    const auto page = co_await call.server.store().search(filter, cursor, tunables::largest_page);
    if (!page) throw api_error(500, "the store does not know its own cursor");
    for (const task_ptr& task : page->tasks) {
      if (found.ids.size() == most) {
        found.more = true;
        co_return found;
      }
      found.ids.push_back(task->id());
    }
    if (!page->next_cursor) co_return found;
    cursor = *page->next_cursor;
  }
}

}  // namespace longhaul::operating
