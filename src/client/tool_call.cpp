// SPDX-License-Identifier: Apache-2.0
#include "longhaul/tool_call.hpp"

#include "client/call_driver.hpp"
#include "client/messages.hpp"
#include "json/view.hpp"
#include "json/write.hpp"

namespace longhaul {

bool tool_reply::is_error() const {
  return json::value(json_)["isError"].boolean().value_or(false);
}

std::string tool_reply::text() const {
  std::string all;
  const json::value view(json_);
  for (json::elements each(view["content"]); each.next();) {
    const auto text = each.value()["text"].string();
    if (!text || !each.value()["type"].equals("text")) continue;
    if (!all.empty()) all += '\n';
    all += *text;
  }
  return all;
}

raw_json tool_reply::structured() const {
  return remote::copy_of(json::value(json_)["structuredContent"]);
}

std::vector<std::string> tool_reply::links() const {
  std::vector<std::string> all;
  const json::value view(json_);
  for (json::elements each(view["content"]); each.next();) {
    if (!each.value()["type"].equals("resource_link")) continue;
    if (auto uri = each.value()["uri"].string()) all.push_back(*std::move(uri));
  }
  return all;
}

raw_json form_defaults(const asked_question& asked) {
  std::string text;
  json::object o(text);
  const json::value params(asked.params);
  for (json::members each(params["requestedSchema"]["properties"]); each.next();) {
    const json::value preset = each.value()["default"];
    if (preset) o.raw(each.key(), preset.raw());
  }
  o.close();
  return raw_json::trusted(text);
}

const tool_reply& call_outcome::value() const {
  using kind = client_error::kind;
  switch (status) {
    case task_status::completed:
      return result;
    case task_status::failed:
      throw client_error(kind::refused, message, error_code, error_data);
    case task_status::cancelled:
      throw client_error(kind::left, "the call was cancelled");
    case task_status::input_required:
      throw client_error(kind::left, "the call waits for an answer that nobody gives");
    case task_status::working:
      break;
  }
  if (timed_out) throw client_error(kind::time_limit, "the time for the call is over");
  throw client_error(kind::left, "the call goes on without this caller");
}

call_outcome tool_call::wait() const { return driver_->wait(); }

boost::asio::awaitable<call_outcome> tool_call::async_wait() const { return driver_->async_wait(); }

bool tool_call::wait_for(milliseconds time) const { return driver_->wait_for(time); }
bool tool_call::ended() const { return driver_->ended(); }
void tool_call::cancel() const { driver_->cancel(); }
void tool_call::detach() const { driver_->detach(); }
call_state tool_call::state() const { return driver_->state(); }
std::optional<task_handle> tool_call::handle() const { return driver_->handle(); }

}  // namespace longhaul
