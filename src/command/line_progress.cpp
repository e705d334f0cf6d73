// SPDX-License-Identifier: Apache-2.0
#include "command/line_progress.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <stdexcept>
#include <utility>

#include "base/text.hpp"
#include "command/terminal_text.hpp"
#include "command/tunables.hpp"
#include "typed/wording.hpp"

namespace longhaul::command {
namespace {

std::unique_ptr<re2::RE2> compile(const std::string& expression) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  return std::make_unique<re2::RE2>(expression, options);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// As the header says. Null: no number.
std::optional<double> number_in(std::string_view text) {
  text = trimmed(text);
  if (text.empty() || text.size() > tunables::max_number || !is_digit(text.front()))
    return std::nullopt;
  std::string plain;
  bool fraction = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_digit(c)) {
      plain += c;
      continue;
    }
    const auto behind =
        std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(i) + 1, text.end(), is_digit);
    const auto digits = behind - text.begin() - static_cast<std::ptrdiff_t>(i) - 1;
    if (fraction || digits == 0) return std::nullopt;
    const bool groups = c == ',' || c == '_' || c == ' ';
    if (groups && digits == 3) continue;
    if (c != '.' && c != ',') return std::nullopt;
    fraction = true;
    plain += '.';
  }
  double value = 0;
  const char* end = plain.data() + plain.size();
  const auto [stop, error] = std::from_chars(plain.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::string> check_progress_pattern(const progress_pattern& pattern) {
  const auto compiled = compile(pattern.expression);
  if (!compiled->ok()) {
    return "is no regular expression of RE2: " + compiled->error() +
           " (RE2 has no look-around and no back references; groups are named (?P<done>…))";
  }
  const auto& groups = compiled->NamedCapturingGroups();
  for (const auto& [name, index] : groups) {
    if (name == "done" || name == "total" || name == "percent" || name == "message") continue;
    return "names a group " + detail::in_quotes(name) +
           "; the groups are done, total, percent and message";
  }
  if (groups.empty()) {
    return "names no group; write what it finds as (?P<done>…), (?P<total>…), (?P<percent>…) or "
           "(?P<message>…)";
  }
  if (groups.contains("total") && !groups.contains("done")) {
    return "has a group total without a group done";
  }
  return std::nullopt;
}

struct progress_patterns::one {
  std::unique_ptr<const re2::RE2> expression;
  std::optional<stream> from;
  // Numbers of the groups; 0: there is none.
  int done = 0, total = 0, percent = 0, message = 0;
  std::size_t groups = 0;  // of the whole match and all groups

  bool watches(stream s) const { return !from || *from == s; }

  std::optional<progress_found> find(std::string_view line) const {
    std::vector<re2::StringPiece> found(groups);
    const re2::StringPiece text(line.data(), line.size());
    if (!expression->Match(text, 0, text.size(), re2::RE2::UNANCHORED, found.data(),
                           static_cast<int>(groups))) {
      return std::nullopt;
    }
    const auto group = [&](int number) -> std::string_view {
      const re2::StringPiece& part = found[static_cast<std::size_t>(number)];
      return number == 0 || part.data() == nullptr ? std::string_view()
                                                   : std::string_view(part.data(), part.size());
    };
    progress_found result;
    result.message = trimmed(group(message));
    result.done = number_in(group(done));
    if (result.done) {
      result.total = number_in(group(total));
    } else if (const auto hundredths = number_in(group(percent))) {
      result.done = hundredths;
      result.total = 100;
    }
    if (!result.done && result.message.empty()) return std::nullopt;
    return result;
  }
};

progress_patterns::progress_patterns(const std::vector<progress_pattern>& patterns) {
  auto all = std::make_shared<std::vector<one>>();
  for (const progress_pattern& pattern : patterns) {
    if (const auto fault = check_progress_pattern(pattern)) {
      throw std::invalid_argument("progress pattern " + detail::in_quotes(pattern.expression) +
                                  " " + *fault);
    }
    one& compiled = all->emplace_back();
    compiled.expression = compile(pattern.expression);
    compiled.from = pattern.from;
    const std::map<std::string, int>& named = compiled.expression->NamedCapturingGroups();
    const auto number = [&](const char* name) {
      const auto at = named.find(name);
      return at == named.end() ? 0 : at->second;
    };
    compiled.done = number("done");
    compiled.total = number("total");
    compiled.percent = number("percent");
    compiled.message = number("message");
    compiled.groups = static_cast<std::size_t>(compiled.expression->NumberOfCapturingGroups()) + 1;
  }
  all_ = std::move(all);
}

bool progress_patterns::watches(stream from) const noexcept {
  return std::ranges::any_of(*all_, [&](const one& p) { return p.watches(from); });
}

std::optional<progress_found> progress_patterns::find(stream from, std::string_view line) const {
  if (line.empty() || !watches(from)) return std::nullopt;
  const std::string text = plain_text(line);
  for (const one& pattern : *all_) {
    if (!pattern.watches(from)) continue;
    if (auto found = pattern.find(text)) return found;
  }
  return std::nullopt;
}

void line_progress::feed(stream from, std::string_view bytes, const sink& found) {
  if (!patterns_.watches(from)) return;
  std::string& begun = begun_[static_cast<std::size_t>(from)];
  if (bool& torn = torn_[static_cast<std::size_t>(from)]; torn) {
    const std::size_t end = bytes.find_first_of("\r\n");
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    torn = false;
  }
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    const bool ended = end < bytes.size();
    const std::string_view part = bytes.substr(0, end);
    bytes.remove_prefix(ended ? end + 1 : end);
    if (ended && begun.empty()) {
      look(from, part.substr(0, tunables::max_progress_line), found);
      continue;
    }
    begun += part.substr(0, tunables::max_progress_line - begun.size());
    if (ended) finish(from, found);
  }
}

void line_progress::skip(stream from) {
  begun_[static_cast<std::size_t>(from)].clear();
  torn_[static_cast<std::size_t>(from)] = true;
}

void line_progress::finish(stream from, const sink& found) {
  std::string& begun = begun_[static_cast<std::size_t>(from)];
  look(from, begun, found);
  begun.clear();
}

void line_progress::look(stream from, std::string_view line, const sink& found) const {
  if (auto event = patterns_.find(from, line)) found(*std::move(event));
}

}  // namespace longhaul::command
