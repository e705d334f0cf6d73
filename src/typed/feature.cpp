// SPDX-License-Identifier: Apache-2.0
#include "longhaul/feature.hpp"

#include <stdexcept>

#include "json/write.hpp"

namespace longhaul {

raw_json content_annotations::json() const {
  std::string out;
  json::object o(out);
  if (!audience.empty()) {
    json::array items(o.key("audience"));
    for (const std::string& reader : audience) {
      if (reader != "user" && reader != "assistant") {
        throw std::invalid_argument("an audience is \"user\" or \"assistant\", not \"" + reader +
                                    "\"");
      }
      json::append_string(items.next(), reader);
    }
    items.close();
  }
  if (priority) {
    if (!(*priority >= 0 && *priority <= 1)) {
      throw std::invalid_argument("a priority is a number from 0 to 1");
    }
    o.number("priority", *priority);
  }
  if (!last_modified.empty()) o.string("lastModified", last_modified);
  o.close();
  return raw_json::trusted(std::move(out));
}

}  // namespace longhaul
