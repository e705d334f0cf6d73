// SPDX-License-Identifier: Apache-2.0
#include "config/read_operator.hpp"

#include <stdexcept>

#include "auth/loopback.hpp"
#include "base/names.hpp"
#include "open/http_address.hpp"

namespace longhaul::config {
namespace {

bool is_address(const std::string& text) {
  try {
    parse_http_address(text);
    return true;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

}  // namespace

api_key key_reader::read(table_reader& from) {
  api_key key;
  const toml::table& table = from.table();
  if (from.require("name", "name = \"alice\"")) key.name = from.text("name").value_or("");
  if (table.contains("name") && table["name"].is_string()) {
    if (!is_short_name(key.name)) from.fail_at("name", "name must be " + short_name_rule());
    if (!names_.insert(key.name).second) {
      from.fail_at("name", "there is a key named " + in_quotes(key.name) + " already");
    }
  }
  const std::string how = "the SHA-256 of the key in 64 hex digits: printf %s \"$KEY\" | sha256sum";
  if (!from.require("sha256", how)) return key;
  const auto text = from.text("sha256");
  const auto parsed = text ? auth::parse_sha256(*text) : std::nullopt;
  if (text && !parsed) {
    // Not quoted: it may be the key itself.
    from.fail_at("sha256", "sha256 must be " + how);
  }
  if (parsed) {
    key.sha256 = *text;
    if (!digests_.insert(*parsed).second) {
      from.fail_at("sha256", "another " + from.name() + " has this digest already");
    }
  }
  return key;
}

void read_address(table_reader& from, std::string& listen, const std::string& example) {
  from.set("listen", listen);
  if (listen.empty() || is_address(listen)) return;
  from.fail_at("listen",
               "listen must be \"ADDRESS:PORT\" as \"" + example + "\", not " + in_quotes(listen));
}

operator_options read_operator(const toml::table& table, fault_list& faults) {
  table_reader from(table, "[operator]", faults);
  operator_options options;
  if (from.require("listen", "listen = \"127.0.0.1:8081\"")) {
    read_address(from, options.listen, "127.0.0.1:8081");
  }
  key_reader keys;
  for_each_table(from, "key", [&](const toml::table& one) {
    table_reader key_from(one, "[[operator.key]]", faults);
    const api_key key = keys.read(key_from);
    const auto role = key_from.word("role", {"read", "act"});
    if (!one.contains("role")) key_from.require("role", "role = \"read\", or \"act\"");
    key_from.finish();
    options.keys.push_back({key.name, key.sha256, role.value_or(0) == 1});
  });
  const bool others =
      is_address(options.listen) && !auth::is_loopback(parse_http_address(options.listen).host);
  if (options.keys.empty() && others) {
    from.fail_at("listen",
                 "others can reach this address: give the operators' listener [[operator.key]] "
                 "tables, or let it listen on 127.0.0.1");
  }
  from.finish();
  return options;
}

}  // namespace longhaul::config
