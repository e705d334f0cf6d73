// SPDX-License-Identifier: Apache-2.0
// `longhaul admin status`, `tools`, `owners`, `processes` and `audit`: what the API says, as
// tables.
#include <algorithm>
#include <array>
#include <iostream>

#include "admin_verbs.hpp"
#include "admin_words.hpp"
#include "longhaul/clock.hpp"
#include "store_words.hpp"
#include "terminal/styled.hpp"
#include "terminal/table.hpp"

namespace longhaul {
namespace {

using cells = std::vector<std::string>;

constexpr std::array<std::pair<const char*, const char*>, 6> phases = {
    {{"waiting", "WAITING"},
     {"running", "RUNNING"},
     {"input_required", "ASKS"},
     {"completed", "COMPLETED"},
     {"failed", "FAILED"},
     {"cancelled", "CANCELLED"}}};

std::string figure(json::value member) {
  return member.integer() ? std::to_string(*member.integer()) : "-";
}

std::string length_or_dash(json::value member) {
  const auto length = length_in(member);
  return length ? length_text(*length) : "-";
}

void add_counts(json::value counts, cells& into) {
  for (const auto& [name, title] : phases) into.push_back(figure(counts[name]));
}

void add_count_columns(std::vector<terminal::table_column>& into) {
  for (const auto& [name, title] : phases) into.push_back({title, true});
}

std::int64_t sum_of(json::value list) {
  std::int64_t sum = 0;
  for (json::elements each(list); each.next();) sum += number_in(each.value());
  return sum;
}

std::string counts_text(json::value counts) {
  std::string text;
  for (const auto& [name, title] : phases) {
    const std::string word =
        std::string_view(name) == "input_required" ? "waiting for an answer" : name;
    text += (text.empty() ? "" : ", ") + figure(counts[name]) + " " + word;
  }
  return text;
}

std::string store_text(json::value store) {
  std::string text = text_in(store["place"]);
  text += flag_in(store["durable"]) ? "" : " (not durable: gone with the process)";
  if (flag_in(store["shared"])) text += ", shared";
  return text + ", " + readable_size(number_in(store["bytes"]));
}

void tell_shown(const std::string& name, const std::string& value, const terminal::look& looks) {
  if (!value.empty()) tell_line(name, shown(value, looks));
}

void tell_status(json::value status, const terminal::look& looks) {
  const json::value server = status["server"], hour = status["hour"],
                    oldest = status["oldestWaiting"];
  const timestamp now = time_in(status["now"]).value_or(system_clock().now());
  tell_shown("server",
             text_in(server["name"]) + " " + text_in(server["version"]) + ", longhaul " +
                 text_in(server["longhaul"]),
             looks);
  tell_shown("state",
             text_in(status["state"]) + ", started " + age_text(time_in(status["startedAt"]), now) +
                 " ago",
             looks);
  tell_shown("store", store_text(status["store"]), looks);
  tell_shown("trouble", text_in(status["store"]["trouble"]), looks);
  tell_shown("slots",
             figure(status["slots"]["running"]) + " of " + figure(status["slots"]["limit"]), looks);
  tell_shown("tasks", counts_text(status["counts"]), looks);
  if (oldest["id"]) {
    tell_shown("longest waiting",
               text_in(oldest["tool"]) + " " + text_in(oldest["id"]) + ", for " +
                   age_text(time_in(oldest["createdAt"]), now) + ": " + text_in(oldest["why"]),
               looks);
  }
  std::string ends;
  for (const char* const each : {"created", "completed", "failed", "cancelled"}) {
    ends += (ends.empty() ? "" : ", ") + std::to_string(sum_of(hour[each])) + " " + each;
  }
  tell_shown("last hour", ends, looks);
  tell_shown("you",
             text_in(status["caller"]["name"]) + ", who may " +
                 (text_in(status["caller"]["role"]) == "act" ? "act" : "read"),
             looks);
}

// Those with tasks.
void tell_counts_by_tool(json::value tools, const terminal::look& looks) {
  std::vector<terminal::table_column> columns = {{"TOOL"}};
  add_count_columns(columns);
  std::vector<cells> rows;
  for (json::members each(tools); each.next();) {
    cells one = {std::string(each.key())};
    add_counts(each.value(), one);
    if (std::any_of(one.begin() + 1, one.end(), [](const auto& cell) { return cell != "0"; })) {
      rows.push_back(std::move(one));
    }
  }
  if (!rows.empty()) std::cout << '\n' << terminal::table_text(columns, rows, looks);
}

std::string state_of_tool(json::value tool, timestamp now) {
  if (const auto since = time_in(tool["pausedSince"])) return "paused " + age_text(since, now);
  return flag_in(tool["served"]) ? "served" : "not served";
}

std::string failures_of(json::value hour) {
  std::string text;
  for (json::elements each(hour["failures"]); each.next();) {
    text += (text.empty() ? "" : "; ") + figure(each.value()["count"]) + "x " +
            text_in(each.value()["message"]);
  }
  return text;
}

// Prints the reply, or what `rows` makes of each element of its member `name`.
template <class Row>
int show_list(const admin_desk& desk, const char* name, const char* path,
              const std::vector<terminal::table_column>& columns, const char* none, Row row_of) {
  const raw_json reply = desk.link.get(path);
  if (desk.command.json) {
    print_json(reply);
    return 0;
  }
  const json::value view(reply);
  std::vector<cells> rows;
  for (json::elements each(view[name]); each.next();) {
    rows.push_back(row_of(each.value()));
  }
  if (rows.empty()) {
    std::cerr << none << std::endl;
    return 0;
  }
  std::cout << terminal::table_text(columns, rows, desk.at.looks_of_output()) << std::flush;
  return 0;
}

}  // namespace

int show_admin_status(const admin_desk& desk) {
  const raw_json reply = desk.link.get("status");
  if (desk.command.json) {
    print_json(reply);
    return 0;
  }
  const terminal::look looks = desk.at.looks_of_output();
  tell_status(json::value(reply), looks);
  tell_counts_by_tool(json::value(reply)["tools"], looks);
  std::cout << std::flush;
  return 0;
}

int show_admin_tools(const admin_desk& desk) {
  std::vector<terminal::table_column> columns = {{"TOOL"}, {"STATE"}, {"RUN AT ONCE", true}};
  add_count_columns(columns);
  for (const char* const each : {"P50", "P95"}) columns.push_back({each, true});
  columns.push_back({"FAILURES OF THE LAST HOUR"});
  const timestamp now = system_clock().now();
  return show_list(desk, "tools", "tools", columns, "no tools", [now](json::value tool) {
    cells one = {text_in(tool["name"]), state_of_tool(tool, now), figure(tool["limit"])};
    add_counts(tool["counts"], one);
    one.push_back(length_or_dash(tool["hour"]["p50Ms"]));
    one.push_back(length_or_dash(tool["hour"]["p95Ms"]));
    one.push_back(failures_of(tool["hour"]));
    return one;
  });
}

int show_admin_owners(const admin_desk& desk) {
  const std::vector<terminal::table_column> columns = {
      {"OWNER"},      {"OPEN", true}, {"OF", true},    {"BYTES", true}, {"OF", true},
      {"KEPT", true}, {"OF", true},   {"BYTES", true}, {"OF", true}};
  const auto size = [](json::value member) { return readable_size(number_in(member)); };
  return show_list(desk, "owners", "owners", columns, "nobody has tasks", [size](json::value one) {
    const json::value limits = one["limits"];
    return cells{text_in(one["owner"]),    figure(one["open"]),       figure(limits["open"]),
                 size(one["openBytes"]),   size(limits["openBytes"]), figure(one["stored"]),
                 figure(limits["stored"]), size(one["storedBytes"]),  size(limits["storedBytes"])};
  });
}

int show_admin_processes(const admin_desk& desk) {
  const std::vector<terminal::table_column> columns = {
      {"PROCESS"},  {"HOST"},          {"PID", true},   {"VERSION"},
      {"UP", true}, {"RUNNING", true}, {"LEASE", true}, {""}};
  const timestamp now = system_clock().now();
  return show_list(desk, "processes", "processes", columns, "no servers", [now](json::value one) {
    const bool leases = number_in(one["leaseLeftMs"]) != 0 || number_in(one["leaseAgeMs"]) != 0;
    return cells{text_in(one["id"]),
                 text_in(one["host"]),
                 figure(one["pid"]),
                 text_in(one["version"]),
                 age_text(time_in(one["startedAt"]), now),
                 figure(one["running"]),
                 leases ? length_or_dash(one["leaseLeftMs"]) + " left" : "-",
                 flag_in(one["self"]) ? "answers you" : ""};
  });
}

int show_admin_audit(const admin_desk& desk) {
  const std::vector<terminal::table_column> columns = {
      {"AT"}, {"WHO"}, {"ACTION"}, {"ON"}, {"OUTCOME"}};
  return show_list(desk, "actions", "audit", columns,
                   "no operator has acted since this server was started", [](json::value one) {
                     return cells{text_in(one["at"]), text_in(one["who"]), text_in(one["action"]),
                                  text_in(one["on"]), text_in(one["outcome"])};
                   });
}

}  // namespace longhaul
