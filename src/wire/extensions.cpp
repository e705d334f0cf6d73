// SPDX-License-Identifier: Apache-2.0
#include "wire/extensions.hpp"

#include <exception>

#include "json/validate.hpp"
#include "json/write.hpp"
#include "tasks/failure.hpp"
#include "wire/result_json.hpp"

namespace longhaul::wire {
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
