// SPDX-License-Identifier: Apache-2.0
// `subscriptions/listen` (2026-07-28): one stream of what the client asked for, acknowledged first,
// then the state of each task, then changes, until the client leaves or the server stops.
#include <boost/asio/this_coro.hpp>
#include <span>

#include "server/waiting.hpp"
#include "wire/fault.hpp"
#include "wire/known_tools.hpp"
#include "wire/method_table.hpp"
#include "wire/notifications.hpp"
#include "wire/questions.hpp"
#include "wire/refusals.hpp"
#include "wire/task_json.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {
namespace {

// What the client asked for, as far as it is honoured.
struct filter {
  bool tasks = false;
  bool tools = false;
  std::vector<std::string> task_ids = {};
};

// `tools_change`: this server has something to tell of them.
result<filter> read_filter(json::value given, bool tools_change) {
  const auto unfit = [] {
    return fault{"'notifications' must be an object, and 'taskIds' in it an array of at most " +
                 std::to_string(tunables::followed_tasks) + " strings"};
  };
  if (!given.is(json::kind::object)) return unfit();
  filter wanted;
  wanted.tools = tools_change && given["toolsListChanged"].boolean().value_or(false);
  const json::value ids = json::indexed(given)["taskIds"];
  wanted.tasks = bool(ids);
  if (!ids) return wanted;
  if (!ids.is(json::kind::array)) return unfit();
  for (json::elements e(ids); e.next();) {
    auto id = e.value().string();
    if (!id || wanted.task_ids.size() == tunables::followed_tasks) return unfit();
    wanted.task_ids.push_back(std::move(*id));
  }
  return wanted;
}

// Sends notifications, each with the id of its subscription.
class subscription_audience final : public stream_audience {
 public:
  subscription_audience(const context& shared, const incoming& request)
      : stream_audience(request),
        features_(shared.server.features()),
        clock_(shared.clock),
        modes_(modes_of(request)),
        id_(R"("io.modelcontextprotocol/subscriptionId":)" + std::string(request.call.id.raw())) {
    known_.read(features_, request.who.owner);
  }

  /// The first message. False: the client left.
  bool acknowledge(std::span<const serving::task_view> followed, const filter& honoured) {
    std::string out;
    begin_notification(out, "notifications/subscriptions/acknowledged", 128 + followed.size() * 40);
    out += R"("_meta":{)" + id_ + R"(},"notifications":)";
    json::object notifications(out);
    if (honoured.tools) notifications.boolean("toolsListChanged", true);
    if (honoured.tasks) append_ids(notifications.key("taskIds"), followed);
    notifications.close();
    out += "}}";
    return send(std::move(out));
  }

  bool changed(const serving::task_view& view) override {
    std::string out;
    out.reserve(512 + view.task->result.body.size());
    out += R"({"jsonrpc":"2.0","method":"notifications/tasks","params":)";
    json::object params(out);
    append_detailed_task(params, request_.look.tasks, view, modes_, clock_.now());
    params.raw("_meta", "{" + id_ + "}");
    params.close();
    out += '}';
    return send(std::move(out));
  }

  bool tools_changed() override {
    if (!known_.must_hear(features_, request_.who.owner)) return true;
    known_.read(features_, request_.who.owner);  // it hears of every change
    if (send(tools_changed_message(id_))) return true;
    known_.did_not_hear();
    return false;
  }

  /// On pipes: that the server ends the subscription.
  void announce_end() {
    std::string out;
    begin_notification(out, "notifications/cancelled");
    out += R"("requestId":)";
    out += request_.call.id.raw();
    out += R"(,"reason":"the server is shutting down"}})";
    send(std::move(out));
  }

  /// The reply that ends it.
  std::string end(std::string_view server_meta) const {
    std::string out = R"({"resultType":"complete","_meta":{)" + id_ + ',';
    out += server_meta;
    out += "}}";
    return result_reply(request_.call.id, out);
  }

 private:
  static void append_ids(std::string& out, std::span<const serving::task_view> followed) {
    out += '[';
    for (const auto& view : followed) {
      if (out.back() != '[') out += ',';
      json::append_string(out, view.task->id());
    }
    out += ']';
  }

  const serving::catalog& features_;
  known_tools known_;
  const clock_source& clock_;
  const serving::question_modes modes_;
  const std::string id_;  // a member of `_meta`
};

// The states as they are; what a slow peer does not take is sent later, as if it were news.
void tell_states(std::span<const serving::task_view> followed, subscription_audience& audience,
                 serving::exchange& mailbox) {
  for (const serving::task_view& view : followed) {
    if (audience.changed(view)) continue;
    mailbox.seen[view.task->id()] = 0;
    mailbox.on_task(view.task);
  }
}

}  // namespace

awaitable<wire_reply> listen(context& shared, const incoming& request) {
  const json::value given = request.call.params["notifications"];
  if (json::indexed(given)["taskIds"] && !declares_tasks(request.meta)) {
    co_return missing_tasks_extension(request);
  }
  const auto wanted = read_filter(given, shared.server.features().changes());
  if (!wanted) co_return invalid_params(request, wanted.error().words);
  if (!request.streams) {
    co_return error(request, code::invalid_request,
                    "Invalid request: a subscription needs 'Accept: text/event-stream'");
  }
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto mailbox = std::make_shared<serving::exchange>(executor);
  if (!shared.streams.add(mailbox)) co_return stopping(request.look, request.call.id);
  request.id.attach(mailbox);
  const serving::exchange_closer closing(*mailbox);
  const gone_watch watch(request, mailbox);
  if (wanted->tools) shared.server.features().tools().listen(mailbox);
  const auto answer = co_await shared.server.follow(request.who, wanted->task_ids, mailbox);
  if (const auto* refused = std::get_if<serving::refused>(&answer)) {
    co_return refuse(request, *refused);
  }
  const auto& followed = std::get<std::vector<serving::task_view>>(answer);

  subscription_audience audience(shared, request);
  audience.waiting();
  if (!audience.acknowledge(followed, *wanted)) co_return wire_reply{};
  tell_states(followed, audience, *mailbox);
  const bool stopped = co_await shared.server.listen(mailbox, audience);
  // What the client cancelled ends without a word, also if the server stops in the same moment.
  if (!stopped || request.id.close()) co_return wire_reply{};
  if (request.pipe) audience.announce_end();
  co_return wire_reply{200, audience.end(shared.server_meta)};
}

}  // namespace longhaul::wire
