// SPDX-License-Identifier: Apache-2.0
#include "client/session.hpp"

#include <algorithm>
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
#include "json/write.hpp"
#include "protocol/jsonrpc.hpp"

namespace longhaul::remote {

namespace asio = boost::asio;
namespace code = protocol::code;
using kind = client_error::kind;
using protocol::revision;

namespace {

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

std::string implementation_of(const client_options& options) {
  std::string text;
  json::object o(text);
  o.string("name", options.name);
  o.string("version", options.version.empty() ? "1" : options.version).close();
  return text;
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

bool may_pass(const client_error& e) {
  return e.why() == kind::unreachable || e.why() == kind::lost || e.why() == kind::time_limit;
}

}  // namespace

session::session(asio::io_context& context, const server_place& place, client_options options)
    : context_(context),
      options_(std::move(options)),
      gate_(context, asio::steady_timer::time_point::max()),
      listen_timer_(context) {
  if (!options_.only_version.empty() && !protocol::served_revision(options_.only_version)) {
    throw std::invalid_argument("only_version is '" + options_.only_version + "'; known are " +
                                std::string(protocol::supported_versions_json()));
  }
  link_ = link_to(context, place, options_,
                  [this](const raw_json& message, const std::string& id) { hear(message, id); });
}

session::~session() = default;

// --- finding out

awaitable<server_facts> session::connect() {
  const auto self = shared_from_this();
  while (connecting_) {
    boost::system::error_code woken;
    co_await gate_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  if (connected_ && generation_ != link_->generation()) connected_ = false;
  if (connected_) co_return facts_;
  connecting_ = true;
  std::exception_ptr failed;
  try {
    co_await find_out();
    generation_ = link_->generation();
    connected_ = was_connected_ = true;
  } catch (...) {
    failed = std::current_exception();
  }
  connecting_ = false;
  gate_.cancel();
  if (failed) std::rethrow_exception(failed);
  co_return facts_;
}

awaitable<void> session::find_out() {
  tools_.reset();
  link_->end_session();
  const bool modern_only = options_.only_version == protocol::modern_version;
  const bool legacy_only = !options_.only_version.empty() && !modern_only;
  bool stateless = false;
  if (!legacy_only && !sessions_only_) stateless = co_await discover();
  if (stateless) co_return;
  if (modern_only) {
    throw client_error(kind::broken, name() + " does not speak " + options_.only_version);
  }
  sessions_only_ = true;
  const std::string newest(to_string(protocol::newest_legacy));
  co_await initialize(legacy_only ? options_.only_version : newest);
}

// False: it is a server of the time of sessions.
awaitable<bool> session::discover() {
  version_ = revision::v2026_07_28;
  interruption nobody;
  const std::uint64_t number = next_++;
  outgoing message = written("server/discover", {}, asking(), number);
  if (!link_->http()) message.reply_time = tunables::probe_time;
  raw_json reply;
  try {
    reply = co_await link_->request(std::move(message), nobody);
  } catch (const client_error& e) {
    // No answer on a pipe, or its end, and on HTTP a status without a message, say "unknown".
    const bool silent = !link_->http() && may_pass(e);
    const bool unknown =
        link_->http() && e.why() == kind::broken && e.code() >= 400 && e.code() < 500;
    if (silent || unknown) co_return false;
    throw;
  }
  const json::value view(reply);
  const json::value result = view["result"];
  const json::value error = view["error"];
  json::value versions = result["supportedVersions"];
  const auto number_of = error["code"].integer().value_or(0);
  if (number_of == code::unsupported_version) versions = error["data"]["supported"];
  if (!versions.is(json::kind::array)) {
    const bool modern = number_of == code::header_mismatch || number_of == code::missing_capability;
    if (modern) result_of(reply, "server/discover");
    co_return false;
  }
  for (json::elements each(versions); each.next();) {
    if (!each.value().equals(protocol::modern_version)) continue;
    read_facts(result, revision::v2026_07_28);
    co_return true;
  }
  co_return false;
}

awaitable<void> session::initialize(std::string version) {
  version_ = *protocol::served_legacy(version);
  std::string params;
  json::object o(params);
  o.string("protocolVersion", version);
  o.raw("capabilities", capabilities_json(options_.can, false));
  o.raw("clientInfo", implementation_of(options_)).close();
  interruption nobody;
  const std::uint64_t number = next_++;
  asking how;
  outgoing message = written("initialize", raw_json::trusted(params), how, number);
  message.headers.clear();
  message.reply_time = std::max(options_.connect_time, options_.reply_time);
  raw_json reply;
  try {
    reply = co_await link_->request(std::move(message), nobody);
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
  if (!known) {
    throw client_error(kind::broken, name() + " speaks the revision '" + shown(chosen) +
                                         "', which this client does not");
  }
  read_facts(json::value(result), *known);
  outgoing initialized;
  initialized.method = "notifications/initialized";
  initialized.body = message_text(0, initialized.method, {});
  header_list headers = {{"MCP-Protocol-Version", chosen}};
  initialized.headers = headers;
  co_await link_->send(std::move(initialized));
  link_->begin_session(std::move(headers));
}

void session::read_facts(json::value result, revision version) {
  version_ = version;
  facts_ = {};
  questions_.clear();  // of a session that is over
  facts_.version = to_string(version);
  json::value info = result["_meta"]["io.modelcontextprotocol/serverInfo"];
  if (!info) info = result["serverInfo"];
  facts_.name = info["name"].string().value_or("");
  facts_.software_version = info["version"].string().value_or("");
  facts_.instructions = result["instructions"].string().value_or("");
  facts_.capabilities = or_empty_object(copy_of(result["capabilities"]));
  const json::value can(facts_.capabilities);
  facts_.tasks = stateless() ? bool(can["extensions"][tasks_extension])
                             : version == revision::v2025_11_25 &&
                                   bool(can["tasks"]["requests"]["tools"]["call"]);
}

// --- one request

raw_json session::completed(const std::string& method, const raw_json& params, const asking& how,
                            std::uint64_t number) const {
  member_list meta = how.meta;
  if (stateless()) {
    meta.emplace_back(protocol::version_key, quoted(protocol::modern_version));
    meta.emplace_back("io.modelcontextprotocol/clientInfo", implementation_of(options_));
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
  const std::string text = error["message"].string().value_or("no reason");
  throw client_error(kind::refused, text, number, copy_of(error["data"]));
}

awaitable<raw_json> session::ask_once(const std::string& method, const raw_json& params,
                                      const asking& how, interruption& ended) {
  const std::uint64_t number = next_++;
  outgoing message = written(method, params, how, number);
  const std::string id = message.id;
  if (how.who) open_[id] = {how.who};
  std::optional<client_error> failed;
  raw_json reply;
  try {
    reply = co_await link_->request(std::move(message), ended);
  } catch (const client_error& e) {
    failed = e;
  }
  ended.clear();
  open_.erase(id);
  if (failed && failed->why() == kind::left && !closed_) give_up(number);
  if (failed) throw client_error(*failed);
  co_return result_of(reply, method);
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
  try {
    co_await link_->send(std::move(message));
  } catch (const client_error&) {  // nobody waits for it
  }
}

awaitable<raw_json> session::request(std::string method, raw_json params, asking how,
                                     interruption& ended) {
  const auto self = shared_from_this();
  back_off pause(context_);
  for (int attempt = 1;; ++attempt) {
    std::optional<milliseconds> wished;
    try {
      co_await connect();
      co_return co_await ask_once(method, params, how, ended);
    } catch (const http_refusal& e) {
      const bool session_gone = e.code() == 404 && link_->has_session();
      if (session_gone) connected_ = false;
      const bool again = session_gone || e.why() == kind::unreachable;
      if (!again || attempt >= tunables::attempts) throw;
      wished = e.retry_after;
      if (session_gone) continue;  // nothing of it was done
    } catch (const client_error& e) {
      const bool undone = e.why() == kind::unreachable && was_connected_;
      const bool again = undone || (how.repeatable && e.why() == kind::lost);
      if (!again || attempt >= tunables::attempts) throw;
    }
    co_await pause.wait(ended, wished);
  }
}

awaitable<std::vector<raw_json>> session::list(std::string method, std::string member) {
  const auto self = shared_from_this();
  std::vector<raw_json> all;
  asking how;
  how.repeatable = true;
  interruption nobody;
  raw_json cursor;
  for (int page = 0; page < tunables::list_pages; ++page) {
    const raw_json params =
        cursor ? raw_json::trusted("{\"cursor\":" + std::string(cursor.view()) + "}") : raw_json();
    const raw_json result = co_await request(method, params, how, nobody);
    const json::value view(result);
    for (json::elements each(view[member]); each.next();) all.push_back(copy_of(each.value()));
    const json::value next = view["nextCursor"];
    if (!next.is(json::kind::string)) co_return all;
    if (cursor && cursor.view() == next.raw()) break;
    cursor = copy_of(next);
  }
  throw client_error(kind::broken, name() + " gives pages of " + method + " without end");
}

awaitable<raw_json> session::tool(std::string wanted, bool anew) {
  const auto self = shared_from_this();
  co_await connect();
  if (!tools_ || anew) {
    auto all = co_await list("tools/list", "tools");
    tools_ = std::move(all);
  }
  for (const raw_json& each : *tools_) {
    if (json::value(each)["name"].equals(wanted)) co_return each;
  }
  co_return raw_json();
}

awaitable<void> session::close() {
  const auto self = shared_from_this();
  closed_ = true;
  listen_end_.fire();
  listen_timer_.cancel();
  co_await link_->close();
}

}  // namespace longhaul::remote
