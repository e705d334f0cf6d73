// SPDX-License-Identifier: Apache-2.0
// GET /tools, and what is done to one of them.
#include "operator/api_call.hpp"
#include "operator/request_body.hpp"
#include "operator/task_json.hpp"
#include "operator/tunables.hpp"
#include "server/features.hpp"
#include "tasks/operations.hpp"
#include "tasks/wait_words.hpp"

namespace longhaul::operating {
namespace {

using wire::http_reply;

void append_hour(std::string& out, const tool_hour& hour) {
  json::object body(out);
  body.integer("completed", hour.sums.completed).integer("failed", hour.sums.failed);
  body.integer("cancelled", hour.sums.cancelled);
  write_length(body, "p50Ms", hour.p50);
  write_length(body, "p95Ms", hour.p95);
  json::array items(body.key("failures"));
  for (const failure_reason& one : hour.failures) {
    json::object inner(items.next());
    inner.string("message", one.message).integer("count", one.count).string("last", one.last);
    inner.close();
  }
  items.close();
  body.close();
}

struct tool_line {
  const serving::tool_entry* entry = nullptr;  // null: it is served no more
  stores::status_counts counts;
};

void append_tool(std::string& out, const api_call& call, const std::string& name,
                 const tool_line& line, const stores::paused_tools& paused) {
  json::object body(out);
  body.string("name", name);
  body.string("title", line.entry ? line.entry->definition.options.title : std::string());
  body.string("description",
              line.entry ? line.entry->definition.options.description : std::string());
  body.boolean("served", line.entry != nullptr);
  const auto since = paused.find(name);
  write_time(body, "pausedSince",
             since == paused.end() ? std::nullopt : std::optional(since->second));
  const std::size_t limit = line.entry ? line.entry->definition.options.max_running : 0;
  limit == 0 ? body.null("limit") : body.integer("limit", limit);
  body.integer("running", call.server.around.engine.operations().running_of(name));
  append_counts(body.key("counts"), line.counts);
  append_hour(body.key("hour"), call.server.around.hour.of_tool(name));
  line.entry ? body.raw("inputSchema", line.entry->definition.input_schema)
             : body.null("inputSchema");
  body.close();
}

serving::entry_ptr entry_of(const api_call& call) {
  for (const serving::entry_ptr& entry : call.server.around.features.entries()) {
    if (entry->name() == call.subject) return entry;
  }
  throw api_error(404, "there is no tool \"" + std::string(call.subject) + "\"",
                  "GET tools lists them");
}

http_reply outcome_reply(const api_call& call, std::string_view verb, bool changed) {
  const std::string_view outcome = changed ? "applied" : "unchanged";
  call.note(verb, call.subject, outcome);
  std::string out;
  json::object body(out);
  body.string("outcome", outcome).close();
  return json_reply(std::move(out));
}

// Tasks of operators are their own: no caller sees them.
std::string owner_for(const api_call& call) {
  const std::string& owner = call.head.caller->owner;
  return owner == "local" ? owner : "operator:" + std::string(call.who());
}

// Empty: there is none.
std::string idempotency_key_of(const request_body& body) {
  std::string key = body.text("idempotencyKey");
  const bool given = body["idempotencyKey"].is(json::kind::string);
  if (given && (key.empty() || key.size() > tunables::longest_idempotency_key)) {
    throw api_error(400, "idempotencyKey must have 1 to " +
                             std::to_string(tunables::longest_idempotency_key) + " bytes");
  }
  return key;
}

awaitable<tasks::submission> submission_of(const api_call& call, const serving::entry_ptr& entry,
                                           raw_json arguments) {
  tasks::submission work;
  work.tool = serving::definition_of(entry);
  work.id = call.server.around.engine.new_id(*work.tool);
  work.owner = owner_for(call);
  std::string fault;
  const auto accept = [&] {
    try {
      work.arguments = entry->accept(arguments);
    } catch (const std::invalid_argument& e) {
      fault = e.what();
    }
  };
  co_await call.server.around.engine.offload(accept);
  if (!fault.empty()) throw api_error(400, fault);
  work.arguments = work.arguments.json();
  co_return work;
}

}  // namespace

// In the order of registration; those that are gone come last.
awaitable<http_reply> show_tools(api_call& call) {
  call.target.allow_only({});
  const kept_numbers::all numbers = co_await call.server.numbers.read(call.server.store());
  const stores::counts_by_tool& counts = numbers.counts;
  const stores::paused_tools paused = co_await call.server.store().paused();
  const auto entries = call.server.around.features.entries();
  stores::counts_by_tool left = counts;
  std::string out;
  json::object body(out);
  std::string& list = body.key("tools");
  json::array items(list);
  for (const serving::entry_ptr& entry : entries) {
    items.next();
    const auto mine = counts.find(entry->name());
    append_tool(list, call, entry->name(),
                {entry.get(), mine == counts.end() ? stores::status_counts() : mine->second},
                paused);
    left.erase(entry->name());
  }
  for (const auto& [name, since] : paused) {
    if (!call.server.around.features.find(name)) left.try_emplace(name);
  }
  for (const auto& [name, mine] : left) {
    append_tool(items.next(), call, name, {nullptr, mine}, paused);
  }
  items.close();
  body.close();
  co_return json_reply(std::move(out));
}

// A tool that is served elsewhere, or by an earlier version of this server, can be paused, too.
awaitable<http_reply> pause_tool(api_call& call) {
  const request_body body(call.body, {});
  const kept_numbers::all numbers = co_await call.server.numbers.read(call.server.store());
  const bool elsewhere = !call.server.store().exclusive();  // another process may serve it
  if (!elsewhere && !numbers.counts.contains(call.subject)) entry_of(call);
  const bool changed = co_await call.server.around.engine.operations().pause(call.subject);
  co_return outcome_reply(call, "pause", changed);
}

awaitable<http_reply> resume_tool(api_call& call) {
  const request_body body(call.body, {});
  const bool changed = co_await call.server.around.engine.operations().resume(call.subject);
  if (!changed) {  // a tool that another server has may be named, too, as long as it has tasks
    const kept_numbers::all numbers = co_await call.server.numbers.read(call.server.store());
    if (!numbers.counts.contains(call.subject)) entry_of(call);
  }
  co_return outcome_reply(call, "resume", changed);
}

awaitable<http_reply> call_tool(api_call& call) {
  const request_body body(call.body, {"arguments", "idempotencyKey"});
  std::string key = idempotency_key_of(body);
  const json::value given =
      body["arguments"].is(json::kind::null) ? json::value() : body["arguments"];
  if (given && !given.is(json::kind::object)) throw api_error(400, "arguments must be an object");
  const serving::entry_ptr entry = entry_of(call);
  if (entry->definition.options.policy == task_policy::never) {
    throw api_error(409, "this tool makes no tasks: its calls are answered at once",
                    "call it through MCP");
  }
  raw_json arguments = raw_json::trusted(given ? given.raw() : std::string_view("{}"));
  tasks::submission work = co_await submission_of(call, entry, std::move(arguments));
  work.idempotency_key = std::move(key);
  const stores::create_result made = co_await call.server.around.engine.submit(work);
  if (made.code == stores::create_code::key_conflict) {
    throw api_error(409, "this idempotency key was used with other arguments",
                    "take another key for another call");
  }
  if (!made.task) {
    throw api_error(429, "a bound is reached: " + std::string(made.bound),
                    "GET owners shows who has how much");
  }
  call.note("call", entry->name(), "task " + std::string(shown_id(made.task->id())));
  std::string out;
  json::object reply(out);
  reply.string("outcome", made.code == stores::create_code::created ? "applied" : "unchanged");
  append_task(reply.key("task"), *made.task, call.server.around.engine.waits().now(*made.task));
  reply.close();
  co_return json_reply(std::move(out));
}

}  // namespace longhaul::operating
