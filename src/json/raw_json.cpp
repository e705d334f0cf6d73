// SPDX-License-Identifier: Apache-2.0
#include "longhaul/raw_json.hpp"

#include <utility>

#include "json/validate.hpp"

namespace longhaul {

raw_json raw_json::parse(std::string_view text) {
  std::string copy(text);
  json::validate_in_place(copy);
  return trusted(json::without_line_breaks(copy));
}

raw_json raw_json::trusted(std::string text) {
  raw_json result;
  result.text_ = std::make_shared<const std::string>(std::move(text));
  return result;
}

raw_json or_empty_object(raw_json value) {
  return value ? std::move(value) : raw_json::trusted("{}");
}

}  // namespace longhaul
