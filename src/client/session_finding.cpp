// SPDX-License-Identifier: Apache-2.0
// What a server speaks: asked once, however many wait for it.
#include "client/session.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "client/back_off.hpp"
#include "client/capabilities.hpp"
#include "client/tunables.hpp"
#include "json/write.hpp"
#include "protocol/jsonrpc.hpp"

namespace longhaul::remote {

namespace asio = boost::asio;
namespace code = protocol::code;
using kind = client_error::kind;
using protocol::revision;

// What goes wrong before a request could be sent: nothing of that was done.
namespace {

request_error before_all(const request_error& e) {
  const bool undone = e.why() == kind::lost || e.why() == kind::time_limit;
  if (!undone) return e;
  request_error result(kind::unreachable, e.what(), e.code(), e.data());
  result.by_http = e.by_http;
  result.retry_after = e.retry_after;
  return result;
}

// By a server, or a proxy before it, that has no time or no room now.
bool is_turned_away(const request_error& e) { return e.why() == kind::unreachable && e.by_http; }

std::string list_of(json::value versions) {
  std::string text;
  for (json::elements each(versions); each.next();) {
    text += (text.empty() ? "" : ", ") + shown(each.value().string().value_or("?"));
  }
  return text;
}

}  // namespace

struct session::finding {
  explicit finding(asio::io_context& context)
      : done(context, asio::steady_timer::time_point::max()) {}
  asio::steady_timer done;
  bool over = false;
  std::optional<request_error> failed = std::nullopt;
};

awaitable<server_facts> session::connect() {
  const auto self = shared_from_this();
  interruption nobody;
  co_await ready(nobody);
  co_return facts_;
}

awaitable<void> session::ready(interruption& ended) {
  const auto self = shared_from_this();
  if (closed_) throw client_error(kind::left, "the client is closed");
  if (connected_ && generation_ != link_->generation()) connected_ = false;
  if (connected_) co_return;
  auto one = finding_;
  if (!one) {
    one = finding_ = std::make_shared<finding>(context_);
    asio::co_spawn(context_, [self, one]() { return self->find_out(one); }, asio::detached);
  }
  bool left = false;
  ended.set([&left, one] {
    left = true;
    one->done.cancel();  // the others look, and wait on
  });
  boost::system::error_code woken;
  while (!one->over && !left) {
    co_await one->done.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  ended.clear();
  if (left || closed_) throw client_error(kind::left, "the request was given up");
  if (one->failed) throw request_error(*one->failed);
}

awaitable<void> session::find_out(std::shared_ptr<finding> one) {
  const auto self = shared_from_this();
  try {
    co_await choose();
    generation_ = link_->generation();
    ++session_number_;
    connected_ = was_connected_ = true;
    if (!listens_) listen_later();
  } catch (const client_error& e) {
    one->failed.emplace(before_all(e));
  } catch (const std::exception& e) {
    one->failed.emplace(client_error(kind::broken, name() + " cannot be asked: " + e.what()));
  }
  one->over = true;
  finding_ = nullptr;
  one->done.cancel();
}

// A step of finding out, which is harmless twice; empty for a notification.
awaitable<raw_json> session::take_step(outgoing message) {
  back_off pause(context_);
  for (int attempt = 1;; ++attempt) {
    std::optional<request_error> failed;
    raw_json reply;
    try {
      interruption nobody;
      if (message.id.empty()) {
        co_await link_->send(message);
      } else {
        reply = co_await exchange(message, nobody);
      }
    } catch (const client_error& e) {
      failed.emplace(e);
    }
    if (!failed) co_return reply;
    // Servers of sessions that do not know a method may answer it with 500.
    const bool broke = failed->why() == kind::lost && failed->code() != 500;
    const bool again = link_->http() && (broke || is_turned_away(*failed));
    if (!again || closed_ || attempt >= tunables::attempts) throw request_error(*failed);
    co_await pause.wait(finding_end_, failed->retry_after);
    if (message.method == "initialize") link_->end_session();  // half of one may have begun
  }
}

awaitable<void> session::choose() {
  tools_.reset();
  link_->end_session();
  const bool modern_only = options_.only_version == protocol::modern_version;
  const bool legacy_only = !options_.only_version.empty() && !modern_only;
  found server = found::sessions;
  if (!legacy_only && !sessions_only_) {
    server = co_await discover(is_slow_ ? options_.reply_time : options_.probe_time);
  }
  if (server == found::stateless) co_return;
  if (modern_only) {
    throw client_error(kind::broken, name() + " does not speak " + options_.only_version +
                                         ": it does not answer server/discover");
  }
  const std::string newest(to_string(protocol::newest_legacy));
  const std::string version = legacy_only ? options_.only_version : newest;
  co_await begin_session(version, server == found::silence);
  sessions_only_ = !stateless();
}

awaitable<void> session::begin_session(std::string version, bool was_silent) {
  std::optional<request_error> failed;
  try {
    co_await initialize(version);
  } catch (const client_error& e) {
    failed.emplace(e);
  }
  if (was_silent && is_slow_ && version == to_string(protocol::newest_legacy) &&
      options_.only_version.empty()) {
    // It spoke 2026-07-28 all the while, and has a session now, which it may not want to mix.
    co_await link_->restart();
    const found server = co_await discover(options_.reply_time);
    if (server == found::stateless) co_return;
    co_await initialize(version);
    co_return;
  }
  if (!failed) co_return;
  if (was_silent && failed->why() == kind::lost) {
    // It was slow to start, and then ended at the question that it does not know.
    co_await initialize(version);
    co_return;
  }
  if (!was_silent || failed->why() != kind::refused) throw request_error(*failed);
  // It was slow to start, and has no sessions.
  const found server = co_await discover(options_.reply_time);
  if (server != found::stateless) throw request_error(*failed);
}

// Who refuses the very revision that he then names is asked for it once more (MCP 2026-07-28,
// "Protocol Version Negotiation").
awaitable<session::found> session::discover(milliseconds time) {
  const found server = co_await discover_once(time, true);
  if (server != found::contradiction) co_return server;
  co_return co_await discover_once(time, false);
}

awaitable<session::found> session::discover_once(milliseconds time, bool again) {
  version_ = revision::v2026_07_28;
  const std::uint64_t number = next_++;
  discover_id_ = std::to_string(number);
  outgoing message = written("server/discover", {}, asking(), number);
  if (!link_->http()) message.reply_time = time;
  raw_json reply;
  try {
    reply = co_await take_step(std::move(message));
  } catch (const client_error& e) {
    // No answer on a pipe, or its end, and on HTTP a status without a message, say "unknown".
    const request_error failed(e);
    const bool silent = !link_->http() && (e.why() == kind::lost || e.why() == kind::time_limit);
    const bool unknown = failed.by_http && e.code() >= 400 && e.code() <= 501 &&
                         e.why() != kind::forbidden && e.why() != kind::unreachable;
    if (silent) co_return found::silence;
    if (unknown) co_return found::sessions;
    throw request_error(failed);
  }
  co_return kind_of_server(reply, again);
}

session::found session::kind_of_server(const raw_json& reply, bool again) {
  const json::value view(reply);
  const json::value result = view["result"];
  const json::value error = view["error"];
  const auto number = error["code"].integer().value_or(0);
  json::value versions = result["supportedVersions"];
  if (number == code::unsupported_version) versions = error["data"]["supported"];
  if (!versions.is(json::kind::array)) {
    const bool modern = number == code::header_mismatch || number == code::missing_capability;
    if (modern) result_of(reply, "server/discover");
    return found::sessions;
  }
  bool any = false, older = false;
  for (json::elements each(versions); each.next();) {
    const std::string version = each.value().string().value_or("");
    any = true;
    older = older || protocol::served_legacy(version).has_value();
    if (version != protocol::modern_version) continue;
    if (!result && again) return found::contradiction;
    if (!result) continue;
    read_facts(result, revision::v2026_07_28);
    return found::stateless;
  }
  if (older || !any) return found::sessions;
  throw client_error(kind::broken, name() + " answered server/discover with the revisions " +
                                       list_of(versions) + ", of which none can be spoken");
}

awaitable<void> session::initialize(std::string version) {
  version_ = *protocol::served_legacy(version);
  std::string params;
  json::object o(params);
  o.string("protocolVersion", version);
  o.raw("capabilities", capabilities_json(options_.can, false));
  o.raw("clientInfo", implementation_json(options_)).close();
  const std::uint64_t number = next_++;
  asking how;
  outgoing message = written("initialize", raw_json::trusted(params), how, number);
  message.headers.clear();
  message.reply_time = std::max(options_.connect_time, options_.reply_time);
  raw_json reply;
  try {
    reply = co_await take_step(std::move(message));
  } catch (const client_error& e) {
    if (e.code() != 404 && e.code() != 405) throw;
    throw client_error(
        kind::unreachable,
        "there is no MCP server at " + name() + " (HTTP " + std::to_string(e.code()) + ")",
        e.code());
  }
  const raw_json result = result_of(reply, "initialize");
  const std::string chosen = json::value(result)["protocolVersion"].string().value_or("");
  const auto known = protocol::served_legacy(chosen);
  const bool fits = known && (options_.only_version.empty() || options_.only_version == chosen);
  if (!fits) {
    const std::string wanted =
        known ? "where only " + version + " is wanted" : "which this client does not";
    throw client_error(kind::broken, name() + " answered initialize: it speaks the revision '" +
                                         shown(chosen) + "', " + wanted);
  }
  read_facts(json::value(result), *known);
  outgoing initialized;
  initialized.method = "notifications/initialized";
  initialized.body = message_text(0, initialized.method, {});
  header_list headers = {{"MCP-Protocol-Version", chosen}};
  initialized.headers = headers;
  co_await take_step(std::move(initialized));
  link_->begin_session(std::move(headers));
  if (watched_.empty()) co_return;
  const auto self = shared_from_this();
  asio::co_spawn(context_, [self]() { return self->renew_watches(); }, asio::detached);
}

void session::read_facts(json::value result, revision version) {
  version_ = version;
  facts_ = {};
  forget_questions();  // of a session that is over
  facts_.version = to_string(version);
  json::value info = result["_meta"]["io.modelcontextprotocol/serverInfo"];
  if (!info) info = result["serverInfo"];
  facts_.name = info["name"].string().value_or("");
  facts_.software_version = info["version"].string().value_or("");
  facts_.instructions = result["instructions"].string().value_or("");
  facts_.capabilities = or_empty_object(copy_of(result["capabilities"]));
  const json::value can(facts_.capabilities);
  const json::value keys =
      can[stateless() ? "extensions" : "experimental"][protocol::idempotency_key];
  server_time_ = keys["now"].integer();
  keys_kept_by_ = keys["keptBy"].string().value_or("");
  server_time_heard_ = std::chrono::steady_clock::now();
  facts_.tasks = stateless() ? bool(can["extensions"][tasks_extension])
                             : version == revision::v2025_11_25 &&
                                   bool(can["tasks"]["requests"]["tools"]["call"]);
}

// By its clock, or a little earlier: the reply took its time.
std::string session::sent_now() const {
  std::string text;
  if (!server_time_) return text;
  const auto since = std::chrono::steady_clock::now() - server_time_heard_;
  json::object o(text);
  o.integer("at", *server_time_ + std::chrono::duration_cast<milliseconds>(since).count());
  o.string("keptBy", keys_kept_by_).close();
  return text;
}

}  // namespace longhaul::remote
