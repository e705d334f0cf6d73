// SPDX-License-Identifier: Apache-2.0
#include "wire/extensions.hpp"

#include <algorithm>
#include <array>
#include <exception>

#include "json/validate.hpp"
#include "json/write.hpp"
#include "tasks/failure.hpp"
#include "wire/method_table.hpp"
#include "wire/result_json.hpp"

namespace longhaul::wire {
namespace {

// Of the filter of `subscriptions/listen`, and of the tasks extension.
constexpr std::array<std::string_view, 5> filter_members = {
    "toolsListChanged", "promptsListChanged", "resourcesListChanged", "resourceSubscriptions",
    "taskIds"};
// The endpoints hear these themselves.
constexpr std::array<std::string_view, 2> heard_by_endpoints = {"notifications/initialized",
                                                                "notifications/cancelled"};

bool is_method_of_protocol(std::string_view name) {
  const auto rows = method_rows();
  return name == "initialize" || std::ranges::find(rows, name, &method_row::name) != rows.end();
}

}  // namespace

std::vector<std::string> declared_extensions(json::value capabilities,
                                             const serving::extensions& served) {
  std::vector<std::string> result;
  for (const extension& one : served.all()) {
    if (capabilities["extensions"][one.id()].is(json::kind::object) ||
        capabilities["experimental"][one.id()].is(json::kind::object)) {
      result.push_back(one.id());
    }
  }
  return result;
}

std::string taken_from_protocol(const extension& added) {
  for (const extension::method& one : added.methods()) {
    if (is_method_of_protocol(one.options.name)) return one.options.name;
  }
  for (const notification_options& one : added.notifications()) {
    if (std::ranges::find(filter_members, one.member) != filter_members.end()) return one.member;
  }
  for (const extension::incoming_notification& one : added.incoming()) {
    const auto* const heard = std::ranges::find(heard_by_endpoints, one.name);
    if (heard != heard_by_endpoints.end()) return one.name;
  }
  return {};
}

raw_json extension_params(json::value params) {
  std::string out;
  json::object o(out);
  for (json::members m(params); m.next();) {
    if (m.key() == "_meta" || m.key() == "inputResponses" || m.key() == "requestState") continue;
    json::append_without_line_breaks(o.key(m.key()), m.value().raw());
  }
  o.close();
  return raw_json::trusted(std::move(out));
}

std::string notice_message(const serving::extension_notice& notice, std::string_view meta) {
  const json::value params(notice.params);
  std::string out;
  out.reserve(notice.params.size() + notice.method.size() + meta.size() + 64);
  json::object whole(out);
  whole.string("jsonrpc", "2.0").string("method", notice.method);
  json::object all(whole.key("params"));
  append_members_except(all, params, "_meta");
  const json::value own = params["_meta"];
  if (own.is(json::kind::object) || !meta.empty()) {
    std::string& members = all.key("_meta");
    json::object object(members);
    for (json::members m(own); m.next();) object.raw(m.key(), m.value().raw());
    if (!meta.empty()) {
      if (members.back() != '{') members += ',';
      members += meta;
    }
    members += '}';
  }
  all.close();
  whole.close();
  return out;
}

void hear_notification(const context& shared, const serving::caller& who,
                       const message& notification) {
  const serving::extensions& served = shared.server.features().extensions();
  if (served.all().empty()) return;
  try {
    served.hear(who.owner, notification.method, extension_params(notification.params.whole()));
  } catch (...) {  // a notification is answered by nobody
    shared.log.error("extension.failed", tasks::text_of(std::current_exception()));
  }
}

}  // namespace longhaul::wire
