// SPDX-License-Identifier: Apache-2.0
// GET /status, /owners, /processes, /audit.
#include <unistd.h>

#include <algorithm>

#include "base/host_name.hpp"
#include "operator/api_call.hpp"
#include "operator/task_json.hpp"
#include "operator/tunables.hpp"
#include "tasks/operations.hpp"
#include "tasks/wait_words.hpp"

namespace longhaul::operating {
namespace {

using wire::http_reply;

void write_server(json::object& body, const api_call& call) {
  const serving::server_identity& about = call.server.around.features.identity();
  json::object server(body.key("server"));
  server.string("name", about.name).string("version", about.version);
  server.string("longhaul", LONGHAUL_VERSION);
  server.close();
}

void write_store(json::object& body, const api_call& call, std::size_t bytes) {
  const stores::store& store = call.server.store();
  json::object about(body.key("store"));
  about.string("place", store.found().place).boolean("durable", store.durable());
  about.boolean("shared", !store.exclusive());
  write_text(about, "trouble", store.trouble_in_full());
  about.integer("bytes", bytes).close();
}

void write_counts(json::object& body, const stores::counts_by_tool& counts) {
  append_counts(body.key("counts"), total_of(counts));
  json::object tools(body.key("tools"));
  for (const auto& [name, mine] : counts) append_counts(tools.key(name), mine);
  tools.close();
}

void write_hour(json::object& body, const last_hour& hour) {
  const auto minutes = hour.minutes();
  json::object out(body.key("hour"));
  out.integer("stepMs", milliseconds(std::chrono::minutes(1)).count());
  write_time(out, "from", hour.since());
  for (const auto& [name, member] :
       {std::pair("created", &ends::created), std::pair("completed", &ends::completed),
        std::pair("failed", &ends::failed), std::pair("cancelled", &ends::cancelled)}) {
    json::array items(out.key(name));
    for (const ends& minute : minutes) {
      json::append_number(items.next(), minute.*member);
    }
    items.close();
  }
  out.close();
}

void write_caller(json::object& body, const api_call& call) {
  json::object caller(body.key("caller"));
  caller.string("name", call.who());
  caller.string("role", to_string(call.server.who_may->role_of(*call.head.caller))).close();
}

void append_owner(std::string& out, const stores::owner_use& use, const surroundings& around) {
  json::object one(out);
  one.string("owner", use.owner).integer("open", use.open).integer("stored", use.stored);
  one.integer("openBytes", use.open_bytes).integer("storedBytes", use.stored_bytes);
  json::object limits(one.key("limits"));
  limits.integer("open", around.bounds.open_per_quota);
  limits.integer("stored", around.bounds.stored_per_quota);
  limits.integer("openBytes", around.limits.max_open_bytes_per_owner);
  limits.integer("storedBytes", around.limits.max_stored_bytes_per_owner).close();
  one.close();
}

void append_process(std::string& out, const stores::process_info& process, bool self,
                    bool has_lease) {
  json::object one(out);
  one.string("id", hex(process.id)).string("host", process.host).integer("pid", process.pid);
  one.string("version", process.version);
  write_time(one, "startedAt", process.began_at);
  write_length(one, "leaseAgeMs", has_lease ? std::optional(process.lease_age) : std::nullopt);
  write_length(one, "leaseLeftMs", has_lease ? std::optional(process.lease_left) : std::nullopt);
  one.integer("running", process.running).boolean("self", self).close();
}

}  // namespace

awaitable<http_reply> show_status(api_call& call) {
  call.target.allow_only({});
  stores::store& store = call.server.store();
  const kept_numbers::all numbers = co_await call.server.numbers.read(store);
  const task_ptr oldest = numbers.oldest;
  tasks::engine& engine = call.server.around.engine;
  std::string why;
  if (oldest && numbers.is_new) why = co_await engine.waits().exactly(oldest);
  if (oldest && why.empty()) why = engine.waits().now(*oldest);
  std::string out;
  json::object body(out);
  write_server(body, call);
  write_time(body, "now", store.now().wall);
  write_time(body, "startedAt", call.server.started);
  body.string("state", engine.draining() ? "draining" : "serving");
  write_store(body, call, numbers.bytes);
  write_counts(body, numbers.counts);
  json::object slots(body.key("slots"));
  slots.integer("running", engine.operations().slots_used())
      .integer("limit", call.server.around.max_running);
  slots.close();
  if (oldest) {
    append_task(body.key("oldestWaiting"), *oldest, why);
  } else {
    body.null("oldestWaiting");
  }
  write_hour(body, call.server.around.hour);
  write_caller(body, call);
  body.close();
  co_return json_reply(std::move(out));
}

awaitable<http_reply> show_owners(api_call& call) {
  call.target.allow_only({});
  const auto all = co_await call.server.store().owners(tunables::owners_listed);
  std::string out;
  json::object body(out);
  json::array items(body.key("owners"));
  for (const stores::owner_use& use : all) {
    append_owner(items.next(), use, call.server.around);
  }
  items.close();
  body.close();
  co_return json_reply(std::move(out));
}

// Where no other may have the store open, there is this process, which needs no lease.
awaitable<http_reply> show_processes(api_call& call) {
  call.target.allow_only({});
  tasks::engine& engine = call.server.around.engine;
  auto all = co_await call.server.store().processes();
  const process_id self = engine.operations().process();
  const bool alone = call.server.store().exclusive();
  if (alone) {
    stores::process_info only;
    only.id = self;
    only.host = host_name();
    only.pid = ::getpid();
    only.version = LONGHAUL_VERSION;
    only.began_at = call.server.started;
    only.running = engine.running();
    all.push_back(std::move(only));
  }
  std::string out;
  json::object body(out);
  json::array items(body.key("processes"));
  for (const stores::process_info& one : all) {
    append_process(items.next(), one, one.id == self, !alone);
  }
  items.close();
  body.close();
  co_return json_reply(std::move(out));
}

awaitable<http_reply> show_audit(api_call& call) {
  call.target.allow_only({});
  std::string out;
  json::object body(out);
  json::array items(body.key("actions"));
  for (const action& one : call.server.trail.all()) {
    json::object inner(items.next());
    write_time(inner, "at", one.at);
    inner.string("who", one.who).string("action", one.verb).string("on", one.on);
    inner.string("outcome", one.outcome).close();
  }
  items.close();
  body.close();
  co_return json_reply(std::move(out));
}

}  // namespace longhaul::operating
