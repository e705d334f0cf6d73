// SPDX-License-Identifier: Apache-2.0
#include "operator/task_filters.hpp"

#include <charconv>
#include <string>

#include "base/duration.hpp"
#include "base/text.hpp"
#include "operator/api_error.hpp"
#include "operator/tunables.hpp"

namespace longhaul::operating {
namespace {

void read_phases(std::string_view text, stores::phase_set& phases) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view name = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (name.empty()) continue;
    const auto one = stores::parse_phase(name);
    if (!one) {
      throw api_error(400, "there is no status \"" + std::string(name) + "\"",
                      "it is one of waiting, running, input_required, completed, error, "
                      "failed, cancelled, or several with commas");
    }
    phases.add(*one);
  }
}

timestamp read_moment(const std::string& name, const std::string& text, timestamp now) {
  if (const auto at = parse_time(text)) return *at;
  const auto before = parse_duration(text);
  if (!before) {
    throw api_error(400, name + " must be a time or a duration, not \"" + text + "\"",
                    "as 2026-11-28T16:00:00Z, or 2h for the last two hours");
  }
  return now - *before;
}

// True: it was one of the filter's.
bool read_member(std::string_view name, const std::string& value, timestamp now,
                 stores::task_filter& filter) {
  if (name == "status") {
    read_phases(value, filter.phases);
  } else if (name == "tool") {
    filter.tool = value;
  } else if (name == "owner") {
    filter.owner = value;
  } else if (name == "since") {
    if (!value.empty()) filter.since = read_moment("since", value, now);
  } else if (name == "until") {
    if (!value.empty()) filter.until = read_moment("until", value, now);
  } else if (name == "id") {
    filter.id_prefix = value;
  } else if (name == "q") {
    if (value.size() > tunables::longest_text) {
      throw api_error(400,
                      "q must have at most " + std::to_string(tunables::longest_text) + " bytes");
    }
    filter.text = value;
  } else {
    return false;
  }
  return true;
}

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

// "Z", "+01:00"; null: neither.
std::optional<std::chrono::minutes> offset_of(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  const auto hours = digits(text, 1, 2), minutes = digits(text, 4, 2);
  const bool fits = text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':';
  if (!fits || !hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::chrono::minutes length(*hours * 60 + *minutes);
  return text[0] == '-' ? -length : length;
}

}  // namespace

std::optional<timestamp> parse_time(std::string_view text) {
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const bool marked = text[4] == '-' && text[7] == '-' && (text[10] == 'T' || text[10] == 't') &&
                      text[13] == ':' && text[16] == ':';
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!marked || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  text.remove_prefix(19);
  int thousandths = 0;
  if (text.starts_with('.')) {
    std::size_t end = 1;
    for (int weight = 100; end < text.size() && is_digit(text[end]); ++end, weight /= 10) {
      thousandths += weight * (text[end] - '0');
    }
    if (end == 1) return std::nullopt;
    text.remove_prefix(end);
  }
  const auto offset = offset_of(text);
  if (!offset) return std::nullopt;
  return timestamp(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + std::chrono::seconds(*second) + milliseconds(thousandths) -
         *offset;
}

stores::task_filter filter_of(const api_target& target, timestamp now) {
  stores::task_filter filter;
  for (const auto& [name, value] : target.parameters) read_member(name, value, now, filter);
  return filter;
}

stores::task_filter filter_of(json::value filter, timestamp now) {
  if (!filter.is(json::kind::object)) throw api_error(400, "filter must be an object");
  stores::task_filter result;
  for (json::members member(filter); member.next();) {
    const std::string name(member.key());
    if (member.value().is(json::kind::null)) continue;
    const auto text = member.value().string();
    if (!text) throw api_error(400, "filter." + name + " must be a string");
    if (!read_member(name, *text, now, result)) {
      throw api_error(400, "a filter has no member \"" + name + "\"",
                      "it has status, tool, owner, since, until, q and id");
    }
  }
  return result;
}

}  // namespace longhaul::operating
