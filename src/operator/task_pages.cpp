// SPDX-License-Identifier: Apache-2.0
// GET /tasks, /tasks/count and /tasks/{id}.
#include <algorithm>

#include "operator/api_call.hpp"
#include "operator/task_filters.hpp"
#include "operator/task_json.hpp"
#include "operator/task_lookup.hpp"
#include "operator/tunables.hpp"
#include "tasks/wait_words.hpp"

namespace longhaul::operating {
namespace {

using wire::http_reply;

// Where the numbers that the store keeps say it all; null: they do not.
std::optional<std::size_t> kept_count(const stores::task_filter& filter,
                                      const stores::counts_by_tool& counts) {
  if (!filter.owner.empty() || filter.since || filter.until || !filter.text.empty() ||
      !filter.id_prefix.empty()) {
    return std::nullopt;
  }
  const bool good = filter.phases.has(stores::phase::completed);
  if (good != filter.phases.has(stores::phase::error)) return std::nullopt;  // not told apart
  stores::status_counts sums;
  for (const auto& [tool, mine] : counts) {
    if (filter.tool.empty() || filter.tool == tool) sums += mine;
  }
  const std::size_t queued = std::min(sums.queued, sums.working);
  std::size_t count = 0;
  for (const auto& [where, number] : {std::pair(stores::phase::waiting, queued),
                                      std::pair(stores::phase::running, sums.working - queued),
                                      std::pair(stores::phase::input_required, sums.input_required),
                                      std::pair(stores::phase::completed, sums.completed),
                                      std::pair(stores::phase::failed, sums.failed),
                                      std::pair(stores::phase::cancelled, sums.cancelled)}) {
    if (filter.phases.empty() || filter.phases.has(where)) count += number;
  }
  return count;
}

// A program's output is looked at where it lies; that may block.
awaitable<bool> has_output(const api_call& call, const task_record& task) {
  serving::output_source* const outputs = call.server.around.outputs;
  if (outputs == nullptr) co_return false;
  bool there = false;
  const auto look = [&there, outputs, &id = task.id()] {
    there = outputs->look(id, "stdout").has_value();
  };
  co_await call.server.around.engine.offload(look);
  co_return there;
}

awaitable<std::string> host_of(const api_call& call, const task_record& task) {
  if (!task.process || call.server.store().exclusive()) co_return std::string();
  const auto all = co_await call.server.store().processes();
  const auto found = std::ranges::find(all, *task.process, &stores::process_info::id);
  co_return found == all.end() ? std::string() : found->host;
}

}  // namespace

awaitable<http_reply> show_tasks(api_call& call) {
  call.target.allow_only(
      {"status", "tool", "owner", "since", "until", "q", "id", "limit", "cursor"});
  const auto filter = filter_of(call.target, call.server.store().now().wall);
  const auto limit = static_cast<std::size_t>(
      call.target.number("limit", 1, tunables::largest_page, tunables::page));
  const std::string* const given = call.target.parameter("cursor");
  const std::string cursor = given == nullptr ? std::string() : *given;
  const auto page = co_await call.server.store().search(filter, cursor, limit);
  if (!page) throw api_error(400, "cursor is not one of a page", "use nextCursor as it came");
  std::string out;
  json::object body(out);
  json::array items(body.key("tasks"));
  for (const task_ptr& task : page->tasks) {
    append_task(items.next(), *task, call.server.around.engine.waits().now(*task));
  }
  items.close();
  page->next_cursor ? body.string("nextCursor", *page->next_cursor) : body.null("nextCursor");
  body.boolean("complete", page->complete).integer("looked", page->looked);
  body.close();
  co_return json_reply(std::move(out));
}

awaitable<http_reply> count_tasks(api_call& call) {
  call.target.allow_only({"status", "tool", "owner", "since", "until", "q", "id"});
  const timestamp counted_at = call.server.store().now().wall;
  const auto filter = filter_of(call.target, counted_at);
  const kept_numbers::all numbers = co_await call.server.numbers.read(call.server.store());
  std::optional<std::size_t> count = kept_count(filter, numbers.counts);
  bool exact = true;
  // Kept numbers have what nobody finds any more, too: what is about to be removed.
  if (!count || *count <= tunables::most_counted) {
    const counted_tasks found = co_await find_ids(call, filter, tunables::most_counted);
    count = found.ids.size();
    exact = !found.more;
  }
  std::string out;
  json::object body(out);
  body.integer("count", *count).boolean("exact", exact);
  write_time(body, "at", counted_at);
  body.close();
  co_return json_reply(std::move(out));
}

awaitable<http_reply> show_task(api_call& call) {
  call.target.allow_only({});
  const task_ptr task = co_await task_of(call);
  task_surroundings beside;
  beside.why = co_await call.server.around.engine.waits().exactly(task);
  beside.host = co_await host_of(call, *task);
  beside.has_output = co_await has_output(call, *task);
  std::string out;
  append_whole_task(out, *task, call.server.store().now(), beside);
  co_return json_reply(std::move(out));
}

}  // namespace longhaul::operating
