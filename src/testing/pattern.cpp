// SPDX-License-Identifier: Apache-2.0
#include "testing/pattern.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "protocol/era.hpp"
#include "testing/tunables.hpp"

namespace longhaul::testkit {
namespace {

void replace_all(std::string& text, std::string_view old, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(old, at)) != std::string::npos; at += with.size()) {
    text.replace(at, old.size(), with);
  }
}

bool may_hold(std::string_view kind, char c) {
  const bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  if (kind == "task") return word;
  if (kind == "time") return word || c == '-' || c == ':' || c == '.';
  if (kind == "any") return c != '"';
  return word || c == '-' || c == '_' || c == '.';
}

std::string members_for(std::string_view word) {
  if (word == "tasks") return R"("extensions":{"io.modelcontextprotocol/tasks":{}})";
  if (word == "elicit") return R"("elicitation":{})";
  if (word == "sampling") return R"("sampling":{})";
  if (word == "roots") return R"("roots":{})";
  if (word == "all") {
    return R"("elicitation":{"form":{},"url":{}},"sampling":{"tools":{},"context":{}},"roots":{})";
  }
  throw std::runtime_error("{{meta}} does not know " + std::string(word));
}

// `_meta` of a request that stands alone; `words`: what it declares.
std::string meta_for(std::string_view words) {
  std::string declared;
  while (!words.empty()) {
    const std::size_t stop = std::min(words.find(' '), words.size());
    if (stop > 0) {
      if (!declared.empty()) declared += ',';
      declared += members_for(words.substr(0, stop));
    }
    words.remove_prefix(std::min(stop + 1, words.size()));
  }
  std::string meta = R"("_meta":{")";
  meta.append(protocol::version_key).append(R"(":")").append(protocol::modern_version);
  meta.append(R"(",")").append(protocol::capabilities_key).append(R"(":{)");
  return meta + declared + "}}";
}

// One place of a pattern: `{{kind:name}}`.
struct place {
  std::string name, kind;
  std::size_t behind = 0;
};

std::optional<place> place_at(const std::string& wanted, std::size_t at) {
  if (wanted.compare(at, 2, "{{") != 0) return std::nullopt;
  const auto end = wanted.find("}}", at);
  if (end == std::string::npos || wanted[at + 2] == '"' || wanted[at + 2] == '{') {
    return std::nullopt;
  }
  place found;
  found.name = wanted.substr(at + 2, end - at - 2);
  found.kind = found.name.substr(0, found.name.find(':'));
  found.behind = end + 2;
  return found;
}

// What `{{skip}}` skips: up to the text behind it, or to the end if that text is the last.
std::optional<std::size_t> skipped_to(const std::string& wanted, std::size_t behind,
                                      const std::string& came, std::size_t at) {
  const auto next = wanted.find("{{", behind);
  const std::string text = wanted.substr(behind, next - behind);
  if (next == std::string::npos) {
    if (came.size() < at + text.size() || !came.ends_with(text)) return std::nullopt;
    return came.size() - text.size();
  }
  const auto found = came.find(text, at);
  return found == std::string::npos ? std::nullopt : std::optional(found);
}

bool is_time(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00.000Z";
  if (text.size() < form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (form[i] == '0' ? !digit : text[i] != form[i]) return false;
  }
  return true;
}

void hide_times(std::string& text) {
  constexpr std::size_t length = 24;
  for (std::size_t at = 0; at + length <= text.size(); ++at) {
    if (is_time(std::string_view(text).substr(at))) text.replace(at, length, "{{time}}");
  }
}

}  // namespace

std::string pattern_names::filled(std::string text) const {
  for (std::size_t at = 0; (at = text.find("{{meta", at)) != std::string::npos;) {
    const auto end = text.find("}}", at);
    if (end == std::string::npos) break;
    const std::string meta = meta_for(std::string_view(text).substr(at + 6, end - at - 6));
    text.replace(at, end + 2 - at, meta);
    at += meta.size();
  }
  for (const auto& [name, value] : names_) replace_all(text, "{{" + name + "}}", value);
  return text;
}

std::optional<std::size_t> pattern_names::match(const std::string& wanted,
                                                const std::string& came) {
  table taken = names_;
  std::size_t at = 0, p = 0;
  while (p < wanted.size()) {
    const auto here = place_at(wanted, p);
    if (!here) {
      if (at >= came.size() || came[at] != wanted[p]) return at;
      ++at;
      ++p;
      continue;
    }
    const std::size_t from = at;
    p = here->behind;
    if (here->kind == "skip") {
      const auto to = skipped_to(wanted, p, came, at);
      if (!to) return from;
      at = *to;
      continue;
    }
    while (at < came.size() && may_hold(here->kind, came[at])) ++at;
    if (at == from) return from;
    if (here->kind == "time" || here->kind == "any") continue;
    const std::string value = came.substr(from, at - from);
    if (taken.emplace(here->name, value).first->second != value) return from;
  }
  if (at != came.size()) return at;
  names_ = std::move(taken);
  return std::nullopt;
}

std::string pattern_names::name_for(std::string_view kind, const std::string& value) {
  for (const auto& [name, known] : names_) {
    if (known == value) return name;
  }
  for (int number = 1; true; ++number) {
    std::string name = std::string(kind) + ":" + std::to_string(number);
    if (names_.emplace(name, value).second) return name;
  }
}

// Values that stand behind `before`, up to a quote or a semicolon.
void pattern_names::name_values(std::string& text, std::string_view before, std::string_view kind) {
  for (std::size_t at = 0; (at = text.find(before, at)) != std::string::npos;) {
    at += before.size();
    std::size_t end = at;
    while (end < text.size() && may_hold(kind, text[end])) ++end;
    const bool whole = end < text.size() && (text[end] == '"' || text[end] == ';');
    if (end == at || !whole) continue;
    const std::string place = "{{" + name_for(kind, text.substr(at, end - at)) + "}}";
    text.replace(at, end - at, place);
    at += place.size();
  }
}

std::string pattern_names::generalised(const std::string& came) {
  std::string text = came;
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> chosen = {{
      {"Mcp-Session-Id: ", "session"},
      {R"("taskId":")", "task"},
      {R"("requestState":")", "state"},
      {R"("elicitationId":")", "question"},
      {R"("nextCursor":")", "cursor"},
      {R"("errorId":")", "error"},
      {R"("id":")", "question"},
  }};
  for (const auto& [before, kind] : chosen) {
    // Ids of strings are the client's, but in the server's own requests.
    if (kind == "question" && text.find(R"("method":)") == std::string::npos) continue;
    name_values(text, before, kind);
  }
  for (const auto& [name, value] : names_) {  // … wherever they come
    if (value.size() >= tunables::telling_size) replace_all(text, value, "{{" + name + "}}");
  }
  hide_times(text);
  return text;
}

const std::string& pattern_names::value(std::string_view name) const {
  const auto found = names_.find(name);
  if (found == names_.end()) {
    throw std::runtime_error("nothing was called {{" + std::string(name) + "}} yet");
  }
  return found->second;
}

std::string difference(const std::string& wanted, const std::string& came, std::size_t at) {
  const std::size_t from = at > tunables::shown_before ? at - tunables::shown_before : 0;
  const std::string lead = from > 0 ? "…" : "";
  const std::size_t column = at - from + (from > 0 ? 1 : 0);
  std::string text = "wanted: " + wanted + "\n  came:   " + came + "\n  they part here:\n    ";
  text += lead + came.substr(from, tunables::shown_before + tunables::shown_behind);
  return text + "\n    " + std::string(column, ' ') + "^";
}

}  // namespace longhaul::testkit
