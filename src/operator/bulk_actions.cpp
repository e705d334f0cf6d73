// SPDX-License-Identifier: Apache-2.0
// POST /tasks:cancel, :retry and :delete: many at once, by their ids or by a filter. Each task is
// acted on by itself; what cannot be done to one is told, and the others go on.
#include <functional>
#include <optional>
#include <set>

#include "operator/task_actions.hpp"
#include "operator/task_filters.hpp"
#include "operator/task_json.hpp"
#include "operator/task_lookup.hpp"
#include "operator/tunables.hpp"

namespace longhaul::operating {
namespace {

using wire::http_reply;
using one_action = std::function<awaitable<acted>(const api_call&, const task_record&)>;

struct failure {
  std::string id, message;
};
struct tally {
  std::size_t applied = 0, unchanged = 0, refused = 0;
  std::vector<failure> failures;
  std::vector<std::string> made;  ///< tasks that are new
};

std::vector<std::string> ids_in(json::value given) {
  if (!given.is(json::kind::array)) throw api_error(400, "ids must be an array of strings");
  std::vector<std::string> ids;
  std::set<std::string> seen;
  for (json::elements element(given); element.next();) {
    auto id = element.value().string();
    if (!id) throw api_error(400, "ids must be an array of strings");
    if (ids.size() == tunables::most_counted) {
      throw api_error(400, "there are more than " + std::to_string(tunables::most_counted) + " ids",
                      "act on them in several requests");
    }
    if (seen.insert(*id).second) ids.push_back(*std::move(id));
  }
  return ids;
}

awaitable<std::vector<std::string>> ids_matching(const api_call& call, const request_body& body,
                                                 const stores::task_filter& filter) {
  const auto expected = body["expect"].integer();
  if (!expected || *expected < 0) {
    throw api_error(400, "expect is missing: how many tasks the filter matches, as you believe",
                    "GET tasks/count tells");
  }
  counted_tasks found = co_await find_ids(call, filter, tunables::most_counted);
  if (found.more) {
    throw api_error(409,
                    "the filter matches more than " + std::to_string(tunables::most_counted) +
                        " tasks: nothing was done",
                    "narrow it, by tool, owner or time");
  }
  if (found.ids.size() != static_cast<std::size_t>(*expected)) {
    throw api_error(409,
                    "the filter matches " + std::to_string(found.ids.size()) +
                        (found.ids.size() == 1 ? " task" : " tasks") + " by now, not " +
                        std::to_string(*expected) + ": nothing was done",
                    "look again, and repeat it with the new number; until leaves out what has come "
                    "meanwhile");
  }
  co_return std::move(found.ids);
}

// `matches`: what the task must be like still; null: it was named.
awaitable<void> act_on(const api_call& call, const std::string& id, const one_action& act,
                       const stores::task_matcher* matches, tally& sums) {
  std::string refused;
  try {
    if (call.server.streams.closed()) throw api_error(503, "the server is ending");
    const task_ptr task = co_await call.server.store().find(id);
    if (!task) throw api_error(404, "there is no such task");
    if (matches != nullptr && !matches->may_match(*task)) {
      throw api_error(409, "the filter does not match it any more");
    }
    const acted done = co_await act(call, *task);
    ++(done.outcome == "applied" ? sums.applied : sums.unchanged);
    if (done.task && done.task->id() != id) sums.made.push_back(done.task->id());
    co_return;
  } catch (const api_error& e) {
    refused = e.what();
  } catch (const stores::store_error& e) {
    refused = "the store failed: " + e.reason();
  }
  ++sums.refused;
  if (sums.failures.size() < tunables::failures_told) {
    sums.failures.push_back({id, std::move(refused)});
  }
}

std::string words_of(const tally& sums) {
  return std::to_string(sums.applied) + " applied, " + std::to_string(sums.unchanged) +
         " unchanged, " + std::to_string(sums.refused) + " refused";
}

awaitable<http_reply> act_on_all(api_call& call, std::string_view verb, request_body body,
                                 one_action act) {
  if (bool(body["ids"]) == bool(body["filter"])) {
    throw api_error(400, "say which tasks: ids, or filter and expect");
  }
  std::vector<std::string> ids;
  std::optional<stores::task_matcher> matches;
  std::string named = "ids";
  if (body["ids"]) {
    if (body["expect"]) throw api_error(400, "expect goes with a filter");
    ids = ids_in(body["ids"]);
  } else {
    const auto filter = filter_of(body["filter"], call.server.store().now().wall);
    ids = co_await ids_matching(call, body, filter);
    matches.emplace(filter);
    named = body["filter"].raw();
  }
  tally sums;
  for (const std::string& id : ids) {
    co_await act_on(call, id, act, matches ? &*matches : nullptr, sums);
  }
  call.note(verb, std::to_string(ids.size()) + " tasks: " + named, words_of(sums));
  std::string out;
  json::object reply(out);
  reply.integer("applied", sums.applied).integer("unchanged", sums.unchanged);
  reply.integer("refused", sums.refused);
  json::array items(reply.key("failures"));
  for (const failure& one : sums.failures) {
    json::object inner(items.next());
    inner.string("id", one.id).string("message", one.message).close();
  }
  items.close();
  json::array made(reply.key("made"));
  for (const std::string& one : sums.made) json::append_string(made.next(), one);
  made.close();
  reply.close();
  co_return json_reply(std::move(out));
}

request_body which_tasks(const api_call& call) {
  return request_body(call.body, {"ids", "filter", "expect"});
}

}  // namespace

awaitable<http_reply> cancel_tasks(api_call& call) {
  const request_body body(call.body, {"ids", "filter", "expect", "reason"});
  const auto act = [reason = reason_in(call, body)](const api_call& at, const task_record& task) {
    return cancel_one(at, task, reason);
  };
  return act_on_all(call, "cancel", body, act);
}
awaitable<http_reply> retry_tasks(api_call& call) {
  return act_on_all(call, "retry", which_tasks(call), retry_one);
}
awaitable<http_reply> delete_tasks(api_call& call) {
  return act_on_all(call, "delete", which_tasks(call), delete_one);
}

}  // namespace longhaul::operating
