// SPDX-License-Identifier: Apache-2.0
#include "longhaul/feature.hpp"

#include <stdexcept>

#include "json/write.hpp"

namespace longhaul {

raw_json content_annotations::json() const {
  std::string out;
  json::object o(out);
  if (!audience.empty()) {
    std::string& list = o.key("audience");
    list += '[';
    for (const std::string& reader : audience) {
      if (reader != "user" && reader != "assistant") {
        throw std::invalid_argument("an audience is \"user\" or \"assistant\", not \"" + reader +
                                    "\"");
      }
      if (list.back() != '[') list += ',';
      json::append_string(list, reader);
    }
    list += ']';
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
