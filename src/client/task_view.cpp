// SPDX-License-Identifier: Apache-2.0
#include "client/task_view.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/text.hpp"
#include "client/messages.hpp"

namespace longhaul::remote {
namespace {

std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t digits) {
  int value = 0;
  if (at + digits > text.size()) return std::nullopt;
  const char* const end = text.data() + at + digits;
  if (!is_digit(text[at])) return std::nullopt;  // no sign
  const auto read = std::from_chars(text.data() + at, end, value);
  return read.ec == std::errc() && read.ptr == end ? std::optional(value) : std::nullopt;
}

std::optional<milliseconds> time_in(json::value task, std::string_view name,
                                    std::string_view other) {
  json::value found = task[name];
  if (!found) found = task[other];
  const auto count = found.number();
  if (!count || !(*count >= 0) || *count > 1e15) return std::nullopt;
  return milliseconds(static_cast<milliseconds::rep>(*count));
}

std::optional<double> whole_number(std::string_view text) {
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return whole && !text.empty() && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

// +02:00, -0330, Z: milliseconds east of UTC.
std::optional<milliseconds> zone_of(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z") return milliseconds(0);
  if (text[0] != '+' && text[0] != '-') return std::nullopt;
  const auto hours = number_at(text, 1, 2);
  const std::size_t at = text.size() > 3 && text[3] == ':' ? 4 : 3;
  const auto minutes = number_at(text, at, 2);
  if (!hours || !minutes || text.size() != at + 2) return std::nullopt;
  const milliseconds east = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return text[0] == '-' ? -east : east;
}

}  // namespace

std::optional<timestamp> read_time(std::string_view text) {
  namespace chrono = std::chrono;
  const auto year = number_at(text, 0, 4), month = number_at(text, 5, 2),
             day = number_at(text, 8, 2), hour = number_at(text, 11, 2),
             minute = number_at(text, 14, 2), second = number_at(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const chrono::year_month_day date(chrono::year(*year),
                                    chrono::month(static_cast<unsigned>(*month)),
                                    chrono::day(static_cast<unsigned>(*day)));
  const bool separated = text[4] == '-' && text[7] == '-' && text[13] == ':' && text[16] == ':';
  const bool in_day = *hour < 24 && *minute < 60 && *second <= 60;  // 60: a leap second
  if (!date.ok() || !separated || !in_day) return std::nullopt;
  milliseconds fraction{0};
  std::size_t at = 19;
  if (at < text.size() && text[at] == '.') {
    milliseconds::rep unit = 100;
    ++at;
    if (at == text.size() || !is_digit(text[at])) return std::nullopt;
    for (; at < text.size() && is_digit(text[at]); ++at, unit /= 10) {
      fraction += milliseconds((text[at] - '0') * unit);
    }
  }
  const auto zone = zone_of(text.substr(std::min(at, text.size())));
  if (!zone) return std::nullopt;
  const milliseconds since =
      chrono::duration_cast<milliseconds>(chrono::sys_days(date).time_since_epoch()) +
      chrono::hours(*hour) + chrono::minutes(*minute) + chrono::seconds(*second) + fraction - *zone;
  return timestamp(since);
}

void read_progress(std::string_view message, task_view& into) {
  std::string_view figures = message;
  if (message.ends_with(')')) {
    const std::size_t open = message.rfind('(');
    if (open == std::string_view::npos) return;
    figures = message.substr(open + 1, message.size() - open - 2);
  }
  const std::size_t divider = figures.find(" of ");
  const auto done = whole_number(figures.substr(0, divider));
  if (!done) return;
  if (divider != std::string_view::npos) {
    const auto total = whole_number(figures.substr(divider + 4));
    if (!total) return;
    into.total = total;
  }
  into.done = done;
  // They are shown as figures; what is left of the message is its text.
  const std::size_t end = message.ends_with(')') ? message.rfind('(') : 0;
  into.message = trimmed(message.substr(0, end));
}

std::vector<asked_question> read_questions(json::value requests) {
  std::vector<asked_question> found;
  for (json::members m(requests); m.next();) {
    asked_question one;
    one.key = m.key();
    one.method = m.value()["method"].string().value_or("");
    one.params = copy_of(m.value()["params"]);
    found.push_back(std::move(one));
  }
  return found;
}

std::optional<task_view> read_task(json::value task) {
  const auto id = task["taskId"].string();
  const auto status = parse_task_status(task["status"].string().value_or(""));
  if (!id || id->empty() || !status) return std::nullopt;
  task_view view;
  view.id = *id;
  view.status = *status;
  const std::string message = task["statusMessage"].string().value_or("");
  view.message = message;
  read_progress(message, view);
  view.created = read_time(task["createdAt"].string().value_or("")).value_or(timestamp());
  view.ttl = time_in(task, "ttlMs", "ttl");
  view.poll_interval = time_in(task, "pollIntervalMs", "pollInterval");
  view.questions = read_questions(task["inputRequests"]);
  for (asked_question& each : view.questions) each.task = view.id;
  view.result = copy_of(task["result"]);
  view.error = copy_of(task["error"]);
  return view;
}

}  // namespace longhaul::remote
