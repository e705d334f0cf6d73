// SPDX-License-Identifier: Apache-2.0
// `longhaul admin tasks`: the newest that a filter matches.
#include <iostream>

#include "admin_error.hpp"
#include "admin_lookup.hpp"
#include "admin_verbs.hpp"
#include "admin_words.hpp"
#include "json/write.hpp"
#include "longhaul/clock.hpp"
#include "terminal/table.hpp"

namespace longhaul {
namespace {

// One reply of several pages.
raw_json reply_of(const found_tasks& found) {
  std::string text;
  json::object o(text);
  std::string& list = o.key("tasks");
  json::array items(list);
  for (const raw_json& task : found.tasks) {
    items.next();
    list += task.view();
  }
  items.close();
  found.next_cursor.empty() ? o.null("nextCursor") : o.string("nextCursor", found.next_cursor);
  o.boolean("complete", true).integer("looked", found.looked).close();
  return raw_json::trusted(text);
}

std::string status_word(json::value task) {
  std::string status = text_in(task["status"]);
  if (status == "input_required") return "asks";
  if (status == "error") return "tool error";
  return status;
}

// How long it runs, or ran.
std::string ran_for(json::value task, timestamp now) {
  const auto began = time_in(task["beganAt"]);
  if (!began || text_in(task["status"]) == "waiting") return "-";
  return length_text(time_in(task["endedAt"]).value_or(now) - *began);
}

std::string last_cell(json::value task) {
  const std::string why = text_in(task["why"]), message = progress_text(task);
  return why.empty() || message.empty() ? why + message : why + "; " + message;
}

}  // namespace

std::string table_of_tasks(const std::vector<raw_json>& all, timestamp now,
                           const terminal::look& looks) {
  std::vector<std::string> ids;
  for (const raw_json& task : all) ids.push_back(text_in(json::value(task)["id"]));
  ids = shown_ids(ids);
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const json::value task(all[i]);
    rows.push_back({ids[i], status_word(task), text_in(task["tool"]), text_in(task["owner"]),
                    age_text(time_in(task["createdAt"]), now), ran_for(task, now),
                    last_cell(task)});
  }
  return terminal::table_text(
      {{"ID"}, {"STATUS"}, {"TOOL"}, {"OWNER"}, {"AGE", true}, {"RAN", true}, {"MESSAGE"}}, rows,
      looks);
}

int list_admin_tasks(const admin_desk& desk) {
  if (desk.command.limit == 0) {
    throw admin_error("invalid", "--limit 0 shows nothing", "give it at least 1");
  }
  const found_tasks found = find_tasks(desk.link, desk.command.filter, desk.command.limit);
  if (desk.command.json) {
    print_json(reply_of(found));
    return 0;
  }
  if (found.tasks.empty()) {
    std::cerr << (desk.command.filter.narrows() ? "no task matches" : "no tasks") << std::endl;
    return 0;
  }
  std::cout << table_of_tasks(found.tasks, system_clock().now(), desk.at.looks_of_output())
            << std::flush;
  if (!found.next_cursor.empty()) {
    std::cerr << "longhaul: there may be more: these are the newest " << found.tasks.size()
              << "; --limit N shows more of them, --status, --tool, --since and --q narrow it"
              << std::endl;
  }
  return 0;
}

}  // namespace longhaul
