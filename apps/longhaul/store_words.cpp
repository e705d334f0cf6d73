// SPDX-License-Identifier: Apache-2.0
#include "store_words.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>
#include <sstream>

#include "json/write.hpp"
#include "terminal/plain_text.hpp"

namespace longhaul {

std::string readable_size(std::int64_t bytes) {
  constexpr std::array<const char*, 5> units = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < units.size(); ++unit) size /= 1024;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", size, units[unit]);
  return text.data();
}

std::string json_of(const std::vector<number>& numbers) {
  std::string text;
  json::object out(text);
  for (const auto& [name, value] : numbers) out.integer(name, value);
  out.close();
  return text;
}

void tell_line(const std::string& name, const std::string& value) {
  std::cout << name << std::string(18 - name.size(), ' ') << value << '\n';
}

int tell_check(const std::string& place, const std::vector<std::string>& found, bool json) {
  if (json) {
    std::string text = "{\"sound\":";
    text += found.empty() ? "true" : "false";
    text += ",\"problems\":";
    longhaul::json::array items(text);
    for (const std::string& problem : found) {
      longhaul::json::append_string(items.next(), problem);
    }
    items.close();
    std::cout << text << '}' << std::endl;
  } else if (found.empty()) {
    std::cout << place << ": sound" << std::endl;
  } else {
    for (const std::string& problem : found) {
      std::cout << terminal::plain(problem) << '\n';
    }
    std::cout << place << ": " << found.size() << (found.size() == 1 ? " problem" : " problems")
              << std::endl;
  }
  return found.empty() ? 0 : 1;
}

void tell_migration(const std::string& place, const stores::migrated& version, bool json) {
  if (json) {
    std::cout << json_of({{"before", version.before}, {"after", version.after}}) << std::endl;
  } else if (version.before == version.after) {
    std::cout << place << ": version " << version.after << " already" << std::endl;
  } else if (version.before == 0) {
    std::cout << place << ": made, version " << version.after << std::endl;
  } else {
    std::cout << place << ": version " << version.before << ", now " << version.after << std::endl;
  }
}

std::string age_of(timestamp then, timestamp now) {
  using namespace std::chrono;
  const auto seconds_ago = std::max<std::int64_t>(duration_cast<seconds>(now - then).count(), 0);
  struct unit {
    std::int64_t seconds;
    const char* name;
  };
  for (const unit& each : {unit{86'400, " d"}, unit{3'600, " h"}, unit{60, " min"}}) {
    if (seconds_ago >= 2 * each.seconds) {
      return std::to_string(seconds_ago / each.seconds) + each.name;
    }
  }
  return std::to_string(seconds_ago) + " s";
}

std::string_view status_of(const stores::listed_task& task) {
  return task.queued ? "queued" : to_string(task.status);
}

std::string task_in_json(const stores::listed_task& task) {
  std::string text;
  json::object out(text);
  out.string("id", task.id).string("tool", task.tool).string("owner", task.owner);
  out.string("status", status_of(task)).integer("attempt", task.attempt);
  out.string("created", iso8601(task.created)).string("updated", iso8601(task.updated));
  out.string("message", task.message);
  out.close();
  return text;
}

void tell_list(const store_command& command, const lister& list) {
  stores::list_filter filter;
  filter.limit = command.limit;
  if (!command.tool.empty()) filter.tool = command.tool;
  if (!command.owner.empty()) filter.owner = command.owner;
  const bool queued = command.status == "queued", working = command.status == "working";
  filter.queued = queued    ? std::optional<bool>(true)
                  : working ? std::optional<bool>(false)
                            : std::nullopt;
  if (queued || working) {
    filter.status = task_status::working;
  } else {
    filter.status = parse_task_status(command.status);
  }
  const timestamp now = system_clock().now();
  bool first = true;
  // Printed when the file is closed: who reads slowly (a pager) must not hold a moment of it, or
  // the log of a server that runs grows all the while.
  std::ostringstream out;
  if (command.json) out << "{\"tasks\":[";
  list(filter, [&](const stores::listed_task& task) {
    if (command.json) {
      out << (first ? "" : ",") << task_in_json(task);
    } else {
      // What tools and callers said may not move the terminal's cursor.
      out << task.id << "  " << status_of(task) << " for " << age_of(task.updated, now)
          << "  created " << iso8601(task.created) << "  attempt " << task.attempt << "  "
          << terminal::plain(task.tool) << "  " << terminal::plain(task.owner);
      if (!task.message.empty()) out << "  " << terminal::plain(task.message);
      out << '\n';
    }
    first = false;
  });
  if (command.json) out << "]}\n";
  if (!command.json && first) out << "no tasks\n";
  std::cout << out.view() << std::flush;
}

}  // namespace longhaul
