// SPDX-License-Identifier: Apache-2.0
#include "store.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "command/terminal_text.hpp"
#include "json/write.hpp"
#include "longhaul/clock.hpp"
#include "sqlite/maintenance.hpp"

namespace longhaul {
namespace {

std::string path_of(const std::string& file) {
  constexpr std::string_view scheme = "sqlite:";
  return file.starts_with(scheme) ? file.substr(scheme.size()) : file;
}

// 1,234,567 bytes as people read them.
std::string readable_size(std::int64_t bytes) {
  constexpr std::array<const char*, 5> units = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < units.size(); ++unit) size /= 1024;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", size, units[unit]);
  return text.data();
}

// A bar on the terminal; nothing where nobody looks.
class progress_bar {
 public:
  void show(int done, int all) {
    if (!shown_ || all <= 0) return;
    constexpr int width = 40;
    const int filled = static_cast<int>(static_cast<std::int64_t>(width) * done / all);
    std::cerr << '\r' << '[' << std::string(static_cast<std::size_t>(filled), '#')
              << std::string(static_cast<std::size_t>(width - filled), ' ') << "] "
              << static_cast<std::int64_t>(100) * done / all << " %" << std::flush;
    if (done == all) std::cerr << '\n';
  }

 private:
  const bool shown_ = ::isatty(STDERR_FILENO) == 1;
};

using number = std::pair<const char*, std::int64_t>;

std::string json_of(const std::vector<number>& numbers) {
  std::string text;
  json::object out(text);
  for (const auto& [name, value] : numbers) out.integer(name, value);
  out.close();
  return text;
}

int tell_check(const std::vector<std::string>& found, const store_command& command) {
  if (command.json) {
    std::string text = "{\"sound\":";
    text += found.empty() ? "true" : "false";
    text += ",\"problems\":[";
    for (const std::string& problem : found) {
      if (text.back() != '[') text += ',';
      json::append_string(text, problem);
    }
    std::cout << text << "]}" << std::endl;
  } else if (found.empty()) {
    std::cout << path_of(command.file) << ": sound" << std::endl;
  } else {
    for (const std::string& problem : found) std::cout << problem << '\n';
    std::cout << path_of(command.file) << ": " << found.size()
              << (found.size() == 1 ? " problem" : " problems") << std::endl;
  }
  return found.empty() ? 0 : 1;
}

void tell_stats(const sqlite::file_stats& is, const store_command& command) {
  const std::vector<number> numbers = {{"version", is.version},
                                       {"bytes", is.bytes},
                                       {"log_bytes", is.log_bytes},
                                       {"free_bytes", is.free_bytes},
                                       {"working", is.working},
                                       {"queued", is.queued},
                                       {"input_required", is.input_required},
                                       {"completed", is.completed},
                                       {"failed", is.failed},
                                       {"cancelled", is.cancelled}};
  if (command.json) {
    std::string text = json_of(numbers);
    text.pop_back();
    for (const auto& [name, time] : {std::pair("oldest", is.oldest), {"newest", is.newest}}) {
      text += std::string(",\"") + name + "\":" + (time ? '"' + iso8601(*time) + '"' : "null");
    }
    std::cout << text << '}' << std::endl;
    return;
  }
  const auto line = [](const std::string& name, const std::string& value) {
    std::cout << name << std::string(18 - name.size(), ' ') << value << '\n';
  };
  line("format version", std::to_string(is.version));
  line("size", readable_size(is.bytes) + ", " + readable_size(is.free_bytes) + " of it free");
  line("write-ahead log", readable_size(is.log_bytes));
  line("working",
       std::to_string(is.working) + ", " + std::to_string(is.queued) + " of them queued");
  line("input required", std::to_string(is.input_required));
  line("completed", std::to_string(is.completed));
  line("failed", std::to_string(is.failed));
  line("cancelled", std::to_string(is.cancelled));
  if (is.oldest) line("created", iso8601(*is.oldest) + " to " + iso8601(*is.newest));
  std::cout << std::flush;
}

// How long ago, in one unit.
std::string age_of(timestamp then) {
  using namespace std::chrono;
  const auto seconds_ago =
      std::max<std::int64_t>(duration_cast<seconds>(system_clock().now() - then).count(), 0);
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

std::string_view status_of(const sqlite::listed_task& task) {
  return task.queued ? "queued" : to_string(task.status);
}

std::string task_in_json(const sqlite::listed_task& task) {
  std::string text;
  json::object out(text);
  out.string("id", task.id).string("tool", task.tool).string("owner", task.owner);
  out.string("status", status_of(task)).integer("attempt", task.attempt);
  out.string("created", iso8601(task.created)).string("updated", iso8601(task.updated));
  out.string("message", task.message);
  out.close();
  return text;
}

void tell_list(const store_command& command, const std::string& path) {
  sqlite::list_filter filter;
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
  bool first = true;
  // Printed when the file is closed: who reads slowly (a pager) must not hold a moment of it, or
  // the log of a server that runs grows all the while.
  std::ostringstream out;
  if (command.json) out << "{\"tasks\":[";
  sqlite::list(path, filter, [&](const sqlite::listed_task& task) {
    if (command.json) {
      out << (first ? "" : ",") << task_in_json(task);
    } else {
      // What tools and callers said may not move the terminal's cursor.
      out << task.id << "  " << status_of(task) << " for " << age_of(task.updated) << "  created "
          << iso8601(task.created) << "  attempt " << task.attempt << "  "
          << command::plain_text(task.tool) << "  " << command::plain_text(task.owner);
      if (!task.message.empty()) out << "  " << command::plain_text(task.message);
      out << '\n';
    }
    first = false;
  });
  if (command.json) out << "]}\n";
  if (!command.json && first) out << "no tasks\n";
  std::cout << out.view() << std::flush;
}

int run_verb(const store_command& command, const std::string& path) {
  using verb = store_command::verb;
  switch (command.action) {
    case verb::list:
      tell_list(command, path);
      return 0;
    case verb::check:
      return tell_check(sqlite::check(path), command);
    case verb::stats:
      tell_stats(sqlite::stats_of(path), command);
      return 0;
    case verb::backup: {
      progress_bar bar;
      sqlite::backup(path, command.copy, [&](int done, int all) { bar.show(done, all); });
      if (command.json) {
        std::cout << json_of({{"bytes", sqlite::stats_of(command.copy).bytes}}) << std::endl;
      } else {
        std::cout << "copied to " << command.copy << std::endl;
      }
      return 0;
    }
    case verb::vacuum: {
      const sqlite::file_size size = sqlite::vacuum(path);
      if (command.json) {
        std::cout << json_of({{"before", size.before}, {"after", size.after}}) << std::endl;
      } else {
        std::cout << path << ": " << readable_size(size.before) << ", now "
                  << readable_size(size.after) << std::endl;
      }
      return 0;
    }
    case verb::migrate:
      break;
  }
  const sqlite::file_version version = sqlite::migrate(path);
  if (command.json) {
    std::cout << json_of({{"before", version.before}, {"after", version.after}}) << std::endl;
  } else if (version.before == version.after) {
    std::cout << path << ": version " << version.after << " already" << std::endl;
  } else {
    std::cout << path << ": version " << version.before << ", now " << version.after << std::endl;
  }
  return 0;
}

}  // namespace

int run_store(const store_command& command) {
  const std::string path = path_of(command.file);
  try {
    return run_verb(command, path);
  } catch (const sqlite::sqlite_error& e) {
    std::cerr << "longhaul: " << path << ": " << e.what() << std::endl;
  } catch (const std::exception& e) {
    std::cerr << "longhaul: " << e.what() << std::endl;
  }
  return 1;
}

}  // namespace longhaul
