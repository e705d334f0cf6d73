// SPDX-License-Identifier: Apache-2.0
// `subscriptions/listen` (2026-07-28): one stream of what the client asked for, acknowledged first,
// then the state of each task, then changes, until the client leaves or the server stops.
#include <algorithm>
#include <array>
#include <boost/asio/this_coro.hpp>
#include <functional>
#include <span>

#include "server/waiting.hpp"
#include "wire/extensions.hpp"
#include "wire/fault.hpp"
#include "wire/known_list.hpp"
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
  std::array<bool, serving::list_kinds> lists = {};
  bool resources = false;
  std::vector<std::string> uris = {};
  bool tasks = false;
  std::vector<std::string> task_ids = {};
  /// Notifications of an extension, all or those about some subjects.
  struct notices {
    const notification_options* sent = nullptr;
    bool all = false;
    std::vector<std::string> subjects = {};
  };
  std::vector<notices> extensions = {};
};

constexpr std::array<std::string_view, serving::list_kinds> list_members = {
    "toolsListChanged", "promptsListChanged", "resourcesListChanged"};
static_assert(tunables::followed_tasks == tunables::watched_resources);

// Null: it is no array of strings, or too long. `room`: bytes that the filter may still name.
std::optional<std::vector<std::string>> read_strings(json::value given, std::size_t& room) {
  if (!given.is(json::kind::array)) return std::nullopt;
  std::vector<std::string> result;
  for (json::elements e(given); e.next();) {
    auto text = e.value().string();
    if (!text || result.size() == tunables::followed_tasks || text->size() > room) {
      return std::nullopt;
    }
    room -= text->size();
    if (std::ranges::find(result, *text) == result.end()) result.push_back(std::move(*text));
  }
  return result;
}

std::string strings_allowed() {
  return std::to_string(tunables::followed_tasks) + " strings, of " +
         std::to_string(tunables::watched_bytes) + " bytes in the whole filter";
}

// Null: it was read.
std::optional<fault> read_notices(json::value given, const notification_options& sent, filter& into,
                                  std::size_t& room) {
  if (!given || given.boolean() == false) return std::nullopt;
  filter::notices wanted{.sent = &sent, .all = given.boolean().value_or(false)};
  if (!wanted.all) {
    auto subjects = read_strings(given, room);
    if (!subjects) {
      return fault{"'" + sent.member +
                   "' in 'notifications' must be true, or an array of at most " +
                   strings_allowed()};
    }
    wanted.subjects = std::move(*subjects);
  }
  into.extensions.push_back(std::move(wanted));
  return std::nullopt;
}

result<filter> read_filter(json::value given, const serving::dispatcher& server) {
  const auto unfit = [] {
    return fault{
        "'notifications' must be an object, and 'taskIds' and 'resourceSubscriptions' in it arrays "
        "of at most " +
        strings_allowed()};
  };
  if (!given.is(json::kind::object)) return unfit();
  filter wanted;
  std::size_t room = tunables::watched_bytes;
  for (std::size_t i = 0; i < list_members.size(); ++i) {
    wanted.lists.at(i) =
        server.features().changes() && given[list_members.at(i)].boolean().value_or(false);
  }
  if (const json::value uris = json::indexed(given)["resourceSubscriptions"]) {
    auto read = read_strings(uris, room);
    if (!read) return unfit();
    wanted.resources = true;
    wanted.uris = std::move(*read);
  }
  if (const json::value ids = json::indexed(given)["taskIds"]) {
    auto read = read_strings(ids, room);
    if (!read) return unfit();
    wanted.tasks = true;
    wanted.task_ids = std::move(*read);
  }
  for (const extension& one : server.features().extensions().all()) {
    for (const notification_options& sent : one.notifications()) {
      if (const auto unread = read_notices(given[sent.member], sent, wanted, room)) return *unread;
    }
  }
  return wanted;
}

using held_resources = std::vector<serving::resource_hold_ptr>;

// Those of `uris` that this caller cannot read are simply missing, and taken out.
awaitable<serving::reply<held_resources>> hold_resources(const context& shared,
                                                         const incoming& request,
                                                         std::vector<std::string>& uris) {
  held_resources holds;
  std::vector<std::string> readable;
  for (std::string& uri : uris) {
    auto found = co_await shared.server.hold_resource(request.who, uri);
    if (auto* const refused = std::get_if<serving::refused>(&found)) {
      if (refused->why == serving::refusal::unknown_resource ||
          refused->why == serving::refusal::invalid_arguments) {
        continue;
      }
      co_return std::move(*refused);
    }
    holds.push_back(std::get<serving::resource_hold_ptr>(std::move(found)));
    readable.push_back(std::move(uri));
  }
  uris = std::move(readable);
  co_return holds;
}

// Null: the request declares whatever its filter names.
std::optional<std::string> undeclared_extension(json::value given, const incoming& request,
                                                const serving::extensions& served) {
  const auto missing = [&](std::string_view member, std::string_view id) {
    return json::indexed(given)[member] && !declares(request.meta, id);
  };
  if (missing("taskIds", tasks_extension)) return std::string(tasks_extension);
  for (const extension& one : served.all()) {
    for (const notification_options& sent : one.notifications()) {
      if (missing(sent.member, one.id())) return one.id();
    }
  }
  return std::nullopt;
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
    known_.read_all(features_, request.who.owner);
  }

  /// The first message. False: the client left.
  bool acknowledge(std::span<const serving::task_view> followed, const filter& honoured) {
    std::string out;
    begin_notification(out, "notifications/subscriptions/acknowledged", 128 + followed.size() * 40);
    out += R"("_meta":{)" + id_ + R"(},"notifications":)";
    json::object notifications(out);
    for (std::size_t i = 0; i < list_members.size(); ++i) {
      if (honoured.lists.at(i)) notifications.boolean(list_members.at(i), true);
    }
    if (honoured.resources) {
      append_strings(notifications.key("resourceSubscriptions"), honoured.uris, std::identity());
    }
    if (honoured.tasks) {
      append_strings(
          notifications.key("taskIds"), followed,
          [](const serving::task_view& view) -> const std::string& { return view.task->id(); });
    }
    for (const filter::notices& one : honoured.extensions) {
      if (one.all) {
        notifications.boolean(one.sent->member, true);
      } else {
        append_strings(notifications.key(one.sent->member), one.subjects, std::identity());
      }
    }
    notifications.close();
    out += "}}";
    return send(std::move(out));
  }

  bool changed(const serving::task_view& view) override {
    std::string out;
    out.reserve(512 + view.task->result.body.size());
    out += R"({"jsonrpc":"2.0","method":"notifications/tasks","params":)";
    json::object params(out);
    append_detailed_task(params, request_.look, view, modes_, clock_.now());
    params.raw("_meta", "{" + id_ + "}");
    params.close();
    out += '}';
    return send(std::move(out));
  }

  bool list_changed(serving::list_kind kind) override {
    known_list& known = known_.of_kind(kind);
    if (!known.must_hear(features_, request_.who.owner)) return true;
    known.read(features_, request_.who.owner);  // it hears of every change
    if (send(list_changed_message(kind, id_))) return true;
    known.did_not_hear();
    return false;
  }

  bool resource_updated(const std::string& uri) override {
    return send(resource_updated_message(uri, id_));
  }

  bool notice(const serving::extension_notice& notice) override {
    return send(notice_message(notice, id_));
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
  template <class Range, class Text>
  static void append_strings(std::string& out, const Range& values, Text text) {
    json::array items(out);
    for (const auto& value : values) {
      json::append_string(items.next(), text(value));
    }
    items.close();
  }

  const serving::catalog& features_;
  known_lists known_;
  const clock_source& clock_;
  const serving::question_modes modes_;
  const std::string id_;  // a member of `_meta`
};

void listen_to_extensions(const filter& wanted, serving::extensions& served,
                          const serving::caller& who,
                          const std::shared_ptr<serving::exchange>& mailbox) {
  for (const filter::notices& one : wanted.extensions) {
    if (one.all) served.listen(one.sent->name, {}, who.owner, mailbox);
    for (const std::string& subject : one.subjects) {
      served.listen(one.sent->name, subject, who.owner, mailbox);
    }
  }
}

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
  serving::catalog& features = shared.server.features();
  if (const auto missing = undeclared_extension(given, request, features.extensions())) {
    co_return missing_extension(request, *missing);
  }
  auto wanted = read_filter(given, shared.server);
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
  for (std::size_t i = 0; i < wanted->lists.size(); ++i) {
    if (!wanted->lists.at(i)) continue;
    features.listen(static_cast<serving::list_kind>(i), mailbox);
  }
  const auto held = co_await hold_resources(shared, request, wanted->uris);
  if (const auto* refused = std::get_if<serving::refused>(&held)) {
    co_return refuse(request, *refused);
  }
  const auto& holds = std::get<held_resources>(held);
  for (std::size_t i = 0; i < holds.size(); ++i) {
    features.watch().watch(wanted->uris[i], mailbox);
    if (holds[i]) holds[i]->begin();
  }
  listen_to_extensions(*wanted, features.extensions(), request.who, mailbox);
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
  if (request.http == nullptr) audience.announce_end();
  co_return wire_reply{200, audience.end(shared.server_meta)};
}

}  // namespace longhaul::wire
