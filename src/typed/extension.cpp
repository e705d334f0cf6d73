// SPDX-License-Identifier: Apache-2.0
#include "longhaul/extension.hpp"

#include <stdexcept>

#include "json/view.hpp"
#include "json/write.hpp"

namespace longhaul {
namespace {

constexpr std::string_view notification_prefix = "notifications/";

[[noreturn]] void fail_name(std::string_view kind, const std::string& name, std::string_view rule) {
  throw std::invalid_argument(
      std::string(kind).append(" \"").append(name).append("\": ").append(rule));
}

// Letters, digits and `_.-`, with `/` between the parts, of which there are two at least.
bool is_path(std::string_view name) noexcept {
  bool parts = false, part = false;
  for (const char c : name) {
    if (c == '/') {
      if (!part) return false;
      parts = true;
      part = false;
      continue;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '.' && c != '-') return false;
    part = true;
  }
  return parts && part && name.size() <= 128;
}

constexpr std::string_view path_rule =
    "a name has parts of A-Z a-z 0-9 _ . - with / between them, two at least, 128 characters in "
    "all";

}  // namespace

extension& extension::add_notification(notification_options options) {
  if (!is_path(options.name) || !options.name.starts_with(notification_prefix)) {
    fail_name("notification", options.name, "a name begins with notifications/");
  }
  if (options.member.empty()) {
    fail_name("notification", options.name, "it needs a member of the filter that asks for it");
  }
  sent_.push_back(std::move(options));
  return *this;
}

extension& extension::on_notification(std::string name, notification_handler hear) {
  if (!is_path(name) || !name.starts_with(notification_prefix)) {
    fail_name("notification", name, "a name begins with notifications/");
  }
  if (!hear) fail_name("notification", name, "nobody hears it");
  heard_.push_back({std::move(name), std::move(hear)});
  return *this;
}

namespace detail {

outcome extension_outcome(const raw_json& members, std::string_view type) {
  const json::value given(members);
  if (members && !given.is(json::kind::object)) {
    throw std::logic_error("the result of a method of an extension is an object");
  }
  if (type.empty()) return outcome::result(or_empty_object(members));
  std::string out;
  json::object o(out);
  o.string("resultType", type);
  for (json::members m(given); m.next();) {
    if (m.key() != "resultType") o.raw(m.key(), m.value().raw());
  }
  o.close();
  return outcome::result(raw_json::trusted(std::move(out)));
}

tool_definition define_method(const method_options& options, bool is_coroutine) {
  if (!is_path(options.name)) fail_name("method", options.name, path_rule);
  if (options.name.starts_with(notification_prefix)) {
    fail_name("method", options.name, "notifications/ is for notifications");
  }
  if (options.quick && !is_coroutine) {
    fail_name("method", options.name, "quick is for coroutine handlers");
  }
  if (options.limit && options.limit->count() <= 0) {
    fail_name("method", options.name, "limit must be longer than nothing");
  }
  tool_definition run;
  run.options.quick = options.quick;
  run.options.attempt_limit = options.limit;
  run.options.requires_capabilities = options.requires_capabilities;
  return run;
}

}  // namespace detail
}  // namespace longhaul
