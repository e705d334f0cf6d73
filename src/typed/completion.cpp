// SPDX-License-Identifier: Apache-2.0
#include "longhaul/completion.hpp"

#include "base/text.hpp"
#include "json/write.hpp"
#include "typed/tunables.hpp"

namespace longhaul {

completer completer::among(std::vector<std::string> values) {
  return [values = std::move(values)](const completion_request& request) {
    completion found;
    found.total = 0;
    for (const std::string& value : values) {
      if (!same_ignoring_case(std::string_view(value).substr(0, request.value.size()),
                              request.value)) {
        continue;
      }
      ++*found.total;
      if (found.values.size() < detail::tunables::suggestions) found.values.push_back(value);
    }
    return found;
  };
}

namespace detail {

outcome completion_outcome(const completion& suggestions) {
  std::string out;
  json::object o(out);
  json::object inner(o.key("completion"));
  std::string& list = inner.key("values");
  list += '[';
  std::size_t sent = 0;
  for (const std::string& value : suggestions.values) {
    if (sent == tunables::suggestions) break;
    if (sent++ > 0) list += ',';
    json::append_string(list, value);
  }
  list += ']';
  if (suggestions.total) inner.integer("total", *suggestions.total);
  const bool more = suggestions.has_more || sent < suggestions.values.size() ||
                    (suggestions.total && *suggestions.total > sent);
  inner.boolean("hasMore", more);
  inner.close();
  o.close();
  return outcome::result(raw_json::trusted(std::move(out)));
}

}  // namespace detail
}  // namespace longhaul
