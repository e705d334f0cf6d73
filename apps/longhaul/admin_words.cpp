// SPDX-License-Identifier: Apache-2.0
#include "admin_words.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>

#include "base/utf8.hpp"
#include "terminal/example_words.hpp"
#include "terminal/plain_text.hpp"
#include "terminal/progress_view.hpp"
#include "terminal/styled.hpp"

namespace longhaul {
namespace {

// Of an id: the time in it, and as much of its random part as tells a million of them apart.
constexpr std::size_t shortest_id = 14;

void append_escape(std::string& out, char32_t code) {
  std::array<char, 8> text{};
  if (code > 0xFFFF) {
    append_escape(out, 0xD800 + ((code - 0x10000) >> 10U));
    code = 0xDC00 + ((code - 0x10000) & 0x3FFU);
  }
  std::snprintf(text.data(), text.size(), "\\u%04x", static_cast<unsigned>(code));
  out += text.data();
}

char32_t code_of(std::string_view character) {
  if (character.size() == 1) return static_cast<unsigned char>(character[0]);
  char32_t code = static_cast<unsigned char>(character[0]) & (0x7FU >> character.size());
  for (const char c : character.substr(1)) {
    code = code << 6U | (static_cast<unsigned char>(c) & 0x3FU);
  }
  return code;
}

// What is not ASCII stands in strings only.
std::string with_escapes(std::string_view json) {
  std::string out;
  while (!json.empty()) {
    const std::size_t size = std::min(bytes_of_character(json.front()), json.size());
    const std::string_view one = json.substr(0, size);
    json.remove_prefix(size);
    const bool seen = one != "\x7f" && (size == 1 || terminal::plain(one) == one);
    if (seen) {
      out += one;
    } else {
      append_escape(out, code_of(one));
    }
  }
  return out;
}

}  // namespace

std::string text_in(json::value member) { return member.string().value_or(""); }
std::int64_t number_in(json::value member) { return member.integer().value_or(0); }
bool flag_in(json::value member) { return member.boolean().value_or(false); }

std::optional<milliseconds> length_in(json::value member) {
  const auto count = member.integer();
  return count ? std::optional(milliseconds(*count)) : std::nullopt;
}

std::optional<timestamp> time_in(json::value member) {
  int year = 0, hour = 0, minute = 0, second = 0, thousandth = 0;
  unsigned month = 0, day = 0;
  const std::string text = text_in(member);
  const int found = std::sscanf(text.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d.%3dZ", &year, &month, &day,
                                &hour, &minute, &second, &thousandth);
  const auto date = std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
  if (found < 6 || !date.ok()) return std::nullopt;
  return timestamp(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second) + milliseconds(thousandth);
}

std::string length_text(milliseconds length) {
  if (length >= std::chrono::seconds(1)) return terminal::duration_text(length);
  return std::to_string(std::max<std::int64_t>(length.count(), 0)) + " ms";
}

std::string age_text(std::optional<timestamp> then, timestamp now) {
  return then ? terminal::duration_text(now - *then) : "-";
}

std::string progress_text(json::value task) {
  std::string text;
  if (const json::value progress = task["progress"]; progress["done"].number()) {
    progress_state state;
    state.done = *progress["done"].number();
    state.total = progress["total"].number();
    if (const auto percent = terminal::percent_of(state)) {
      text = std::to_string(*percent) + " % (" + terminal::figure_text(state.done) + " of " +
             terminal::figure_text(*state.total) + ")";
    } else {
      text = terminal::figure_text(state.done);
    }
  }
  const std::string message = text_in(task["message"]);
  if (!text.empty() && !message.empty()) text += ", ";
  return text + message;
}

std::string shown(std::string_view text, const terminal::look& looks) {
  return terminal::fitted(text, std::string::npos, looks);
}

std::vector<std::string> shown_ids(const std::vector<std::string>& ids) {
  std::vector<std::string> sorted = ids;
  std::ranges::sort(sorted);
  std::size_t length = shortest_id;
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    const auto apart = std::ranges::mismatch(sorted[i - 1], sorted[i]).in1;
    length = std::max(length, static_cast<std::size_t>(apart - sorted[i - 1].begin()) + 1);
  }
  std::vector<std::string> result;
  result.reserve(ids.size());
  for (const std::string& id : ids) result.push_back(id.substr(0, length));
  return result;
}

std::string line_to_copy(const admin_command& here, const std::string& words) {
  std::string line = "longhaul admin " + words;
  const auto add = [&line](const char* option, const std::string& given) {
    if (!given.empty()) line.append(option).append(terminal::shell_word(given));
  };
  add(" --url ", here.url);
  add(" --key-env ", here.key_env);
  add(" --ca ", here.ca_file);
  return line;
}

void print_json(const raw_json& value) {
  const bool seen = ::isatty(STDOUT_FILENO) != 0;
  std::cout << (seen ? with_escapes(value.view()) : std::string(value.view())) << std::endl;
}

}  // namespace longhaul
