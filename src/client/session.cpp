// SPDX-License-Identifier: Apache-2.0
#include "client/session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <utility>

#include "client/back_off.hpp"
#include "client/capabilities.hpp"
#include "client/http_link.hpp"
#include "client/pipe_link.hpp"
#include "client/tunables.hpp"
#include "protocol/jsonrpc.hpp"

namespace longhaul::remote {

namespace asio = boost::asio;
using kind = client_error::kind;
using protocol::revision;

namespace {

// What a server says only in `data` of −32021: " (io.modelcontextprotocol/tasks)".
std::string missing_words(json::value data, std::string_view said) {
  std::string words;
  const auto add = [&](const std::string& name) {
    if (said.find(name) == std::string_view::npos) words += (words.empty() ? "" : ", ") + name;
  };
  for (json::members each(data["requiredCapabilities"]); each.next();) {
    if (each.key() != "extensions") {
      add(std::string(each.key()));
      continue;
    }
    for (json::members one(each.value()); one.next();) add(std::string(one.key()));
  }
  return words.empty() ? "" : " (" + words + ")";
}

std::shared_ptr<link> link_to(asio::io_context& context, const server_place& place,
                              const client_options& options, link::listener hear) {
  if (place.url.empty() == place.command.empty()) {
    throw std::invalid_argument("a server_place has either a url or a command");
  }
  if (!place.url.empty()) {
    return std::make_shared<http_link>(context, place.url, options, std::move(hear));
  }
  return std::make_shared<pipe_link>(context, place, options, std::move(hear));
}

// Of one of ours to hear: lines on another thread than that of the network.
client_options for_link(const client_options& options, callbacks& calls_back) {
  client_options result = options;
  if (!options.on_stderr) return result;
  result.on_stderr = [&calls_back, handler = options.on_stderr](std::string_view line) {
    calls_back.post_or_drop([handler, line = std::string(line)] { handler(line); },
                            tunables::words_behind);
  };
  return result;
}

// The name that is mirrored in a header (MCP 2026-07-28, "Standard Headers").
std::string_view mirrored_member(std::string_view method) {
  if (method == "tools/call" || method == "prompts/get") return "name";
  if (method == "resources/read") return "uri";
  if (method == "tasks/get" || method == "tasks/update" || method == "tasks/cancel") {
    return "taskId";
  }
  return {};
}

// Says what is not known.
request_error told(const request_error& e, const std::string& method, const asking& how) {
  const bool unknown = e.why() == kind::lost && !how.repeatable;
  if (!unknown) return e;
  return {e, e.what() + ("; whether " + method) + " was carried out is not known"};
}

}  // namespace

session::session(std::shared_ptr<loop> on, const server_place& place, client_options options)
    : loop_(std::move(on)),
      context_(loop_->context()),
      options_(std::move(options)),
      short_requests_(context_, tunables::short_requests),
      posted_(context_, asio::steady_timer::time_point::max()),
      listen_timer_(context_),
      answered_(context_) {
  if (!options_.only_version.empty() && !protocol::served_revision(options_.only_version)) {
    throw std::invalid_argument("only_version is '" + options_.only_version + "'; known are " +
                                std::string(protocol::supported_versions_json()));
  }
  link_ = link_to(context_, place, for_link(options_, calls_back()),
                  [this](const raw_json& message, const std::string& id) { hear(message, id); });
}

session::~session() = default;

// What can be left from outside, by whoever closes us.
class session::under_way {
 public:
  under_way(session& where, interruption& one) : session_(where), one_(one) {
    session_.under_way_.insert(&one_);
  }
  ~under_way() {
    session_.under_way_.erase(&one_);
    if (session_.under_way_.empty()) session_.posted_.cancel();
  }
  under_way(const under_way&) = delete;
  under_way& operator=(const under_way&) = delete;

 private:
  session& session_;
  interruption& one_;
};

// --- one request

raw_json session::completed(const std::string& method, const raw_json& params, const asking& how,
                            std::uint64_t number) const {
  member_list meta = how.meta;
  if (stateless()) {
    meta.emplace_back(protocol::version_key, quoted(protocol::modern_version));
    meta.emplace_back("io.modelcontextprotocol/clientInfo", implementation_json(options_));
    meta.emplace_back(protocol::capabilities_key, capabilities_json(options_.can, how.tasks));
  }
  if (how.who && method == "tools/call") {
    meta.emplace_back("progressToken", std::to_string(number));
  }
  return with_meta(params, meta);
}

outgoing session::written(const std::string& method, const raw_json& params, const asking& how,
                          std::uint64_t number) const {
  outgoing message;
  message.id = std::to_string(number);
  message.method = method;
  message.body = message_text(number, method, completed(method, params, how, number));
  message.headers = how.headers;
  message.headers.emplace_back("MCP-Protocol-Version", to_string(version_));
  if (!how.waits) message.reply_time = options_.reply_time;
  message.repeatable = how.repeatable;
  if (!stateless()) return message;
  message.headers.emplace_back("Mcp-Method", method);
  const std::string_view member = mirrored_member(method);
  if (member.empty()) return message;
  const auto name = json::value(params)[member].string();
  if (name) message.headers.emplace_back("Mcp-Name", header_value(*name));
  return message;
}

raw_json session::result_of(const raw_json& reply, const std::string& method) const {
  const json::value view(reply);
  if (const json::value result = view["result"]; result.is(json::kind::object)) {
    return copy_of(result);
  }
  const json::value error = view["error"];
  if (!error.is(json::kind::object)) {
    throw client_error(kind::broken,
                       name() + " answered " + method +
                           " with neither a result nor an error: " + shown(reply.view()));
  }
  const auto number = static_cast<int>(error["code"].integer().value_or(0));
  std::string said = error["message"].string().value_or("no reason");
  if (number == protocol::code::missing_capability) said += missing_words(error["data"], said);
  request_error failed(
      kind::refused,
      name() + " answered " + method + " with error " + std::to_string(number) + ": " + said,
      number, copy_of(error["data"]));
  failed.said = said;
  throw request_error(failed);
}

// One message and its answer, in the time that it has.
awaitable<raw_json> session::exchange(outgoing message, interruption& ended) {
  const std::string method = message.method;
  const auto time = std::exchange(message.reply_time, std::nullopt);
  const time_bound bound(context_, time, ended);
  std::optional<request_error> failed;
  raw_json reply;
  try {
    reply = co_await link_->request(std::move(message), ended);
  } catch (const client_error& e) {
    failed.emplace(e);
  }
  ended.clear();
  if (!failed) co_return reply;
  if (failed->why() != kind::left || !bound.over()) {
    const std::string text = failed->what();
    const bool names_it = text.find(method) != std::string::npos;
    throw request_error(*failed, names_it ? text : method + ": " + text);
  }
  throw client_error(kind::time_limit, name() + " does not answer " + method + " within " +
                                           std::to_string(time->count()) + " ms");
}

awaitable<raw_json> session::ask_once(const std::string& method, const raw_json& params,
                                      const asking& how, interruption& ended) {
  const std::uint64_t number = next_++;
  outgoing message = written(method, params, how, number);
  const std::string id = message.id;
  if (how.who) open_[id] = {how.who};
  std::optional<request_error> failed;
  raw_json reply;
  try {
    reply = co_await exchange(std::move(message), ended);
  } catch (const client_error& e) {
    failed.emplace(e);
  }
  open_.erase(id);
  if (!failed) co_return result_of(reply, method);
  const bool given_up = failed->why() == kind::left || failed->why() == kind::time_limit;
  if (given_up) give_up(number);
  throw told(*failed, method, how);
}

// The server may stop what nobody waits for.
void session::give_up(std::uint64_t number) {
  if (!link_->leaves_by_message()) return;
  outgoing message;
  message.method = "notifications/cancelled";
  message.body = message_text(0, message.method,
                              raw_json::trusted("{\"requestId\":" + std::to_string(number) + "}"));
  if (!stateless()) message.headers.emplace_back("MCP-Protocol-Version", to_string(version_));
  const auto self = shared_from_this();
  asio::co_spawn(context_, [self, message]() { return self->post(message); }, asio::detached);
}

awaitable<void> session::post(outgoing message) {
  const auto self = shared_from_this();
  ++posts_;
  try {
    co_await link_->send(std::move(message));
  } catch (const client_error&) {  // NOLINT(bugprone-empty-catch): nobody waits for it
  }
  if (--posts_ == 0) posted_.cancel();
}

awaitable<raw_json> session::request(std::string method, raw_json params, asking how,
                                     interruption& ended) {
  const auto self = shared_from_this();
  const under_way here(*this, ended);
  back_off pause(context_);
  for (int attempt = 1;; ++attempt) {
    std::optional<request_error> failed;
    std::uint64_t mine = session_number_;
    bool in_session = false, is_ready = false;
    try {
      co_await ready(ended);
      is_ready = true;
      mine = session_number_;
      in_session = link_->has_session();
      if (how.waits) co_return co_await ask_once(method, params, how, ended);
      co_await short_requests_.enter(ended);
      const inside_gate inside(short_requests_);
      co_return co_await ask_once(method, params, how, ended);
    } catch (const client_error& e) {
      failed.emplace(e);
    }
    const bool session_gone = in_session && failed->by_http && failed->code() == 404;
    // Others may have found that out before, and begun a new one.
    if (session_gone && mine == session_number_) connected_ = false;
    // Nothing of it was done. Whether the server is there at all was asked often enough.
    const bool tried = !is_ready && (failed->by_http || !was_connected_);
    const bool again = session_gone || (!tried && may_repeat(*failed, how));
    if (closed_ || attempt >= tunables::attempts || !again) throw request_error(*failed);
    // Some proxies say 503 of a server that has ended with the request in its hands.
    if (failed->code() == 503 && failed->by_http && !how.first_sent.empty()) {
      how.meta.emplace_back(protocol::first_sent_key, std::exchange(how.first_sent, {}));
    }
    if (!session_gone) co_await pause.wait(ended, failed->retry_after);
  }
}

bool session::may_repeat(const request_error& failed, const asking& how) const {
  if (failed.why() == kind::unreachable) return was_connected_ || failed.by_http;
  return failed.why() == kind::lost && how.repeatable;
}

awaitable<std::vector<raw_json>> session::list(std::string method, std::string member,
                                               interruption& ended) {
  const auto self = shared_from_this();
  std::vector<raw_json> all;
  asking how;
  how.repeatable = true;
  std::set<std::string> seen;
  std::string cursor;  // JSON
  for (int page = 0; page < tunables::list_pages; ++page) {
    const raw_json params =
        cursor.empty() ? raw_json() : raw_json::trusted("{\"cursor\":" + cursor + "}");
    const raw_json result = co_await request(method, params, how, ended);
    const json::value view(result);
    if (!view[member].is(json::kind::array)) {
      throw client_error(kind::broken, name()
                                           .append(" answered ")
                                           .append(method)
                                           .append(" without '")
                                           .append(member)
                                           .append("': ")
                                           .append(shown(result.view())));
    }
    for (json::elements each(view[member]); each.next();) all.push_back(copy_of(each.value()));
    const json::value next = view["nextCursor"];
    if (!next.is(json::kind::string)) {
      if (method == "tools/list" && member == "tools") keep_tools(all);
      co_return all;
    }
    cursor = next.raw();
    if (!seen.insert(cursor).second) break;
  }
  throw client_error(kind::broken, name() + " gives pages of " + method + " without end");
}

awaitable<void> session::close() {
  const auto self = shared_from_this();
  closed_ = true;
  const std::set<interruption*> all = under_way_;
  for (interruption* const each : all) {
    if (under_way_.contains(each)) each->fire();
  }
  finding_end_.fire();
  listen_end_.fire();
  listen_timer_.cancel();
  forget_questions();
  boost::system::error_code over;
  // That calls were given up is still to be said.
  const auto end = std::chrono::steady_clock::now() + tunables::end_grace;
  while ((posts_ > 0 || !under_way_.empty()) && std::chrono::steady_clock::now() < end) {
    posted_.expires_at(end);
    co_await posted_.async_wait(asio::redirect_error(asio::use_awaitable, over));
  }
  co_await link_->close();
}

}  // namespace longhaul::remote
