// SPDX-License-Identifier: Apache-2.0
#include "config/to_json.hpp"

#include <algorithm>
#include <cstdint>
#include <tuple>

#include "json/write.hpp"

namespace longhaul::config {

void append_json(std::string& out, const toml::node& node) {
  if (const auto* text = node.as_string()) {
    json::append_string(out, text->get());
  } else if (const auto* whole = node.as_integer()) {
    json::append_number(out, std::int64_t{whole->get()});
  } else if (const auto* real = node.as_floating_point()) {
    json::append_number(out, real->get());
  } else if (const auto* flag = node.as_boolean()) {
    out += flag->get() ? "true" : "false";
  } else if (const toml::array* all = node.as_array()) {
    json::array items(out);
    for (const toml::node& one : *all) {
      append_json(items.next(), one);
    }
    items.close();
  } else if (const toml::table* table = node.as_table()) {
    json::object object(out);
    for (const auto& [key, value] : in_file_order(*table)) {
      append_json(object.key(key->str()), *value);
    }
    object.close();
  } else {
    out += "null";
  }
}

std::vector<std::pair<const toml::key*, const toml::node*>> in_file_order(
    const toml::table& table) {
  std::vector<std::pair<const toml::key*, const toml::node*>> all;
  for (const auto& [key, value] : table) all.emplace_back(&key, &value);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    const auto &x = a.first->source().begin, &y = b.first->source().begin;
    return std::tie(x.line, x.column) < std::tie(y.line, y.column);
  });
  return all;
}

}  // namespace longhaul::config
