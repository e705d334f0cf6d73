// SPDX-License-Identifier: Apache-2.0
// A call whose work goes on behind ordinary tools (`fallback_task.hpp`): the same steps as of a
// task, by calls of these.
#include <algorithm>
#include <utility>

#include "client/call_driver.hpp"
#include "client/tunables.hpp"
#include "protocol/jsonrpc.hpp"

namespace longhaul {

using kind = client_error::kind;
using namespace remote;  // this is its front

// Of a task that was made before: revisions before 2025-11-25 have none but such.
void call_driver::know_tools() {
  const bool tasks = server_->stateless() || server_->version() >= protocol::revision::v2025_11_25;
  if (!by_tools_ && !tasks) by_tools_.emplace();
}

// In a session, while the tool waits: what this client has said that it can be asked.
bool call_driver::comes_as_request(const asked_question& one) const {
  const bool page = bool(json::value(one.params)["url"]);
  const auto needed =
      page ? client_capability::elicitation_url : client_capability::elicitation_form;
  return std::ranges::find(server_->options().can, needed) != server_->options().can.end();
}

// An error of the tool may be anybody's; that there is no such task the server marks.
client_error call_driver::trouble_of(const tool_reply& reply) const {
  if (json::value(reply.json())["_meta"]["longhaul.dev/no-such-task"]) return gone(reply.text());
  return {kind::refused, server_->name() + ": " + reply.text()};
}

// `waits`: the tool does, so that its reply may take for ever.
awaitable<raw_json> call_driver::use_tool(std::string tool, member_list arguments, bool waits) {
  arguments.emplace_back("task_id", remote::quoted(handle()->id));
  const raw_json params = fallback_call(tool, arguments);
  asking how;
  how.repeatable = true;  // each of them
  how.waits = waits;
  how.who = shared_from_this();  // it may ask, and say how far it is
  co_return co_await server_->request("tools/call", params, std::move(how), waiting_);
}

// `waits`: until there is something to see, as long as the tool does that.
awaitable<task_view> call_driver::look_by_tool(bool waits) {
  const std::string seconds = waits ? std::to_string(tunables::status_wait.count()) : "0";
  const member_list arguments = {{"wait_seconds", seconds}};
  raw_json result;
  std::optional<client_error> failed;
  try {
    result = co_await use_tool(by_tools_->status, arguments, waits);
  } catch (const client_error& e) {
    const bool unknown = e.why() == kind::refused && e.code() == protocol::code::invalid_params;
    if (!unknown) throw;
    failed.emplace(gone(e.what()));
  }
  if (failed) throw client_error(*failed);
  const tool_reply reply(result);
  if (reply.is_error()) throw trouble_of(reply);
  auto task = read_fallback_state(json::value(result));
  if (task && !server_->stateless()) {
    const auto comes = [&](const asked_question& each) { return comes_as_request(each); };
    std::erase_if(task->questions, comes);
  }
  if (task) co_return *std::move(task);
  throw client_error(kind::broken, server_->name() + " answered " + by_tools_->status +
                                       " with what is no state of a task: " + shown(result.view()));
}

awaitable<call_outcome> call_driver::end_by_tool(task_view task) {
  call_outcome end;
  end.status = task.status;
  end.message = task.message;
  const member_list no_more;
  end.result = tool_reply(co_await use_tool(by_tools_->result, no_more, false));
  if (task.status == task_status::failed) {
    end.message = end.result.text();
    end.result = {};
  }
  co_return end;
}

// Sends what is ready. Somebody else may have been quicker: only what is still asked was refused.
awaitable<void> call_driver::answer_by_tool() {
  while (!ready_.empty()) {
    const auto [key, text] = *ready_.begin();
    const raw_json given = raw_json::trusted(text);
    member_list arguments = fallback_answer(key, json::value(given));
    const tool_reply reply(co_await use_tool(by_tools_->answer, std::move(arguments), false));
    if (reply.is_error()) {
      const task_view now = co_await look_by_tool(false);
      const auto is_it = [&](const asked_question& each) { return each.key == key; };
      if (std::ranges::any_of(now.questions, is_it)) {
        throw client_error(kind::refused, server_->name() + ": " + reply.text());
      }
    }
    answered_.insert(key);
    ready_.erase(key);
  }
}

}  // namespace longhaul
