// SPDX-License-Identifier: Apache-2.0
#include "longhaul/testing/reply.hpp"

#include <charconv>

#include "json/view.hpp"

namespace longhaul::testkit {
namespace {

// A token of a JSON pointer, `~1` and `~0` resolved.
std::string token_of(std::string_view written) {
  std::string token;
  for (std::size_t i = 0; i < written.size(); ++i) {
    const bool escaped = written[i] == '~' && i + 1 < written.size();
    if (escaped) ++i;
    token += escaped ? (written[i] == '1' ? '/' : '~') : written[i];
  }
  return token;
}

json::value element(json::value array, const std::string& token) {
  std::size_t wanted = 0;
  const char* const end = token.data() + token.size();
  if (std::from_chars(token.data(), end, wanted).ptr != end || token.empty()) return {};
  json::elements e(array);
  for (std::size_t at = 0; e.next(); ++at) {
    if (at == wanted) return e.value();
  }
  return {};
}

json::value find(json::value whole, std::string_view pointer) {
  if (!pointer.empty() && pointer.front() != '/') return {};
  while (!pointer.empty() && whole) {
    pointer.remove_prefix(1);
    const std::size_t stop = std::min(pointer.find('/'), pointer.size());
    const std::string token = token_of(pointer.substr(0, stop));
    whole = whole.is(json::kind::array) ? element(whole, token) : whole[token];
    pointer.remove_prefix(stop);
  }
  return whole;
}

void append_line(std::string& lines, json::value text) {
  const auto line = text.string();
  if (!line) return;
  if (!lines.empty()) lines += '\n';
  lines += *line;
}

}  // namespace

std::string result::text() const {
  const json::value whole(json_);
  std::string lines;
  for (json::elements e(whole["content"]); e.next();) append_line(lines, e.value()["text"]);
  for (json::elements e(whole["contents"]); e.next();) append_line(lines, e.value()["text"]);
  for (json::elements e(whole["messages"]); e.next();) {
    append_line(lines, e.value()["content"]["text"]);
  }
  return lines;
}

bool result::is_error() const { return json::value(json_)["isError"].boolean() == true; }

raw_json result::at(std::string_view pointer) const {
  const json::value found = find(json::value(json_), pointer);
  if (!found) {
    throw std::out_of_range("there is nothing at " + std::string(pointer) + " of " +
                            std::string(json_.view()));
  }
  return raw_json::parse(found.raw());
}

bool result::has(std::string_view pointer) const { return bool(find(json::value(json_), pointer)); }

}  // namespace longhaul::testkit
