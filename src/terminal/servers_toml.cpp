// SPDX-License-Identifier: Apache-2.0
// The TOML library stays in this translation unit.
#include <toml++/toml.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "json/write.hpp"
#include "terminal/server_file.hpp"
#include "typed/wording.hpp"

namespace longhaul::terminal {
namespace {

[[noreturn]] void refuse_toml(const toml::source_position& at, const std::string& why) {
  throw std::runtime_error(std::to_string(std::max<std::size_t>(at.line, 1)) + ":" +
                           std::to_string(std::max<std::size_t>(at.column, 1)) + ": " + why);
}

void append_toml(std::string& out, const toml::node& node);

void append_table(std::string& out, const toml::table& table) {
  json::object object(out);
  for (const auto& [key, value] : table) append_toml(object.key(key.str()), value);
  object.close();
}

void append_array(std::string& out, const toml::array& array) {
  out += '[';
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (i != 0) out += ',';
    append_toml(out, array[i]);
  }
  out += ']';
}

void append_toml(std::string& out, const toml::node& node) {
  if (const auto* text = node.as_string()) return json::append_string(out, text->get());
  if (const auto* number = node.as_integer()) return json::append_number(out, number->get());
  if (const auto* number = node.as_floating_point()) {
    return json::append_number(out, number->get());
  }
  if (const auto* truth = node.as_boolean()) {
    out += truth->get() ? "true" : "false";
  } else if (const auto* table = node.as_table()) {
    append_table(out, *table);
  } else if (const auto* array = node.as_array()) {
    append_array(out, *array);
  } else {
    refuse_toml(node.source().begin, "a date or time says nothing here");
  }
}

std::string servers_object(const toml::table& root) {
  for (const auto& [key, value] : root) {
    if (key.str() == "servers") continue;
    refuse_toml(key.source().begin, "unknown key " + detail::in_quotes(key.str()) +
                                        ": write a table [servers.NAME] for each server");
  }
  const toml::node* servers = root.get("servers");
  if (servers == nullptr) return "{}";
  if (!servers->is_table()) {
    refuse_toml(servers->source().begin, "servers must have a table [servers.NAME] for each one");
  }
  std::string text;
  append_table(text, *servers->as_table());
  return text;
}

}  // namespace

raw_json read_servers_toml(std::string_view text) {
  try {
    return raw_json::trusted(servers_object(toml::parse(text)));
  } catch (const toml::parse_error& error) {
    std::string words = "this is not TOML: " + std::string(error.description());
    std::ranges::replace(words, '\n', ' ');
    refuse_toml(error.source().begin, words);
  }
}

}  // namespace longhaul::terminal
