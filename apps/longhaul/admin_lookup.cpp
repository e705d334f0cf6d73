// SPDX-License-Identifier: Apache-2.0
#include "admin_lookup.hpp"

#include <algorithm>

#include "admin_error.hpp"
#include "admin_words.hpp"
#include "json/view.hpp"

namespace longhaul {
namespace {

constexpr std::size_t largest_page = 500;  // of the API
constexpr std::size_t most_named = 4;      // ids in an error

// One page: its tasks, and the cursor of the next one.
found_tasks page_of(admin_link& link, const admin_filter& filter, std::size_t limit,
                    const std::string& cursor) {
  admin_query query = query_of(filter);
  query.emplace_back("limit", std::to_string(std::min(limit, largest_page)));
  query.emplace_back("cursor", cursor);
  const raw_json reply = link.get(with_query("tasks", query));
  const json::value view(reply);
  found_tasks page;
  for (json::elements each(view["tasks"]); each.next();) {
    page.tasks.push_back(raw_json::trusted(each.value().raw()));
  }
  page.next_cursor = text_in(view["nextCursor"]);
  page.looked = number_in(view["looked"]);
  return page;
}

[[noreturn]] void refuse_ambiguous(const std::string& word, const std::vector<std::string>& ids) {
  std::string all;
  for (std::size_t i = 0; i < std::min(ids.size(), most_named); ++i) {
    all += (all.empty() ? "" : ", ") + ids[i];
  }
  if (ids.size() > most_named) all += ", …";
  throw admin_error("invalid", "'" + word + "' is the beginning of several ids: " + all,
                    "write one more character of the one that you mean");
}

bool is_there(admin_link& link, const std::string& id) {
  try {
    // Words as `count` are no ids, but there is something.
    const raw_json reply = link.get(path_of_task(id));
    return text_in(json::value(reply)["id"]) == id;
  } catch (const admin_error& e) {
    if (e.code() != "not_found") throw;
    return false;
  }
}

}  // namespace

admin_query query_of(const admin_filter& filter) {
  return {{"status", filter.status}, {"tool", filter.tool},   {"owner", filter.owner},
          {"since", filter.since},   {"until", filter.until}, {"q", filter.text},
          {"id", filter.id_prefix}};
}

found_tasks find_tasks(admin_link& link, const admin_filter& filter, std::size_t limit) {
  found_tasks all;
  do {
    found_tasks page = page_of(link, filter, limit - all.tasks.size(), all.next_cursor);
    all.tasks.insert(all.tasks.end(), page.tasks.begin(), page.tasks.end());
    all.looked += page.looked;
    all.next_cursor = std::move(page.next_cursor);
  } while (all.tasks.size() < limit && !all.next_cursor.empty());
  return all;
}

std::string whole_id(const admin_desk& desk, const std::string& word) {
  const std::string list = line_to_copy(desk.command, "tasks") + " lists them";
  if (word.empty()) throw admin_error("invalid", "an id is empty", list);
  if (is_there(desk.link, word)) return word;
  admin_filter filter;
  filter.id_prefix = word;
  std::vector<std::string> found;
  std::string cursor;
  do {
    const found_tasks page = page_of(desk.link, filter, most_named + 1, cursor);
    for (const raw_json& task : page.tasks) found.push_back(text_in(json::value(task)["id"]));
    cursor = page.next_cursor;
  } while (found.size() < 2 && !cursor.empty());
  if (found.empty()) {
    throw admin_error("not_found", "there is no task whose id begins with '" + word + "'",
                      list + "; it may have been removed by now");
  }
  if (found.size() > 1) refuse_ambiguous(word, found);
  return found.front();
}

std::string path_of_task(const std::string& id, std::string_view below) {
  std::string path = "tasks/" + in_address(id);
  if (!below.empty()) path.append("/").append(below);
  return path;
}

}  // namespace longhaul
