// SPDX-License-Identifier: Apache-2.0
#include "admin_link.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>

#include "admin_error.hpp"
#include "base/text.hpp"
#include "client/http_client.hpp"
#include "client/loop.hpp"
#include "json/view.hpp"
#include "longhaul/client_error.hpp"
#include "open/running_servers.hpp"
#include "terminal/plain_text.hpp"

namespace longhaul {
namespace {

using namespace std::chrono_literals;
using remote::awaitable;

constexpr std::string_view default_url = "http://127.0.0.1:8081";
constexpr const char* default_key = "LONGHAUL_OPERATOR_KEY";
// Acting on ten thousand tasks takes its time; a server that says nothing for so long is stuck.
constexpr auto reply_time = 5min;
constexpr std::size_t largest_reply = std::size_t{256} << 20;  // bytes
constexpr std::size_t largest_event = std::size_t{1} << 20;    // bytes

// Of the one server that runs here; of none, where one would be that was set up as the docs say.
std::string url_of_running() {
  std::vector<running_server> all;
  try {
    all = running_servers(running_servers_folder());
  } catch (const std::runtime_error&) {  // NOLINT(bugprone-empty-catch): nobody has a home here
  }
  if (all.empty()) return std::string(default_url);
  if (all.size() == 1) return all.front().url;
  std::string text = "several servers run here; say which one with --url:";
  for (const running_server& one : all) {
    text.append("\n  ")
        .append(terminal::plain(one.url))
        .append("  ")
        .append(terminal::plain(one.name));
  }
  throw std::invalid_argument(text);
}

remote::http_url url_of(const admin_command& command, const terminal::variables& environment) {
  std::string given = command.url;
  if (given.empty()) {
    given = terminal::filled(environment, "LONGHAUL_OPERATOR_URL").value_or(std::string());
  }
  if (given.empty()) given = url_of_running();
  remote::http_url url = remote::parse_url(given);
  url.target = url.target.substr(0, url.target.find('?'));
  if (!url.target.ends_with('/')) url.target += '/';
  constexpr std::string_view already = "/api/v1/";
  if (url.target.ends_with(already)) url.target.resize(url.target.size() - already.size() + 1);
  return url;
}

remote::http_limits limits_of(const admin_command& command) {
  remote::http_limits limits;
  limits.ca_file = command.ca_file;
  return limits;
}

remote::header_list headers_of(const admin_command& command,
                               const terminal::variables& environment) {
  const std::string name = command.key_env.empty() ? default_key : command.key_env;
  const auto key = terminal::filled(environment, name);
  if (!key && !command.key_env.empty()) {
    throw std::invalid_argument("--key-env names the environment variable " + name +
                                ", which is not set: put the key into it");
  }
  remote::header_list headers = {{"Accept", "*/*"}, {"Content-Type", "application/json"}};
  if (key) headers.emplace_back("Authorization", "Bearer " + *key);
  return headers;
}

std::string hint_of_key(const admin_command& command) {
  return "put a key of [[operator.key]] into the environment variable " +
         (command.key_env.empty() ? std::string(default_key) : command.key_env) +
         ", or name another variable with --key-env";
}

}  // namespace

std::string in_address(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF", also = "-._~";
  std::string result;
  for (const char c : text) {
    if (is_letter(c) || is_digit(c) || also.find(c) != std::string_view::npos) {
      result += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result.append({'%', digits[byte >> 4U], digits[byte & 15U]});
    }
  }
  return result;
}

std::string with_query(std::string path, const admin_query& query) {
  char before = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    path.append(1, before).append(name).append("=").append(in_address(value));
    before = '&';
  }
  return path;
}

// The coroutines run on the thread of the loop; whoever asks waits for them.
struct admin_link::state {
  state(const admin_command& with, const terminal::variables& environment)
      : command(with),
        url(url_of(with, environment)),
        headers(headers_of(with, environment)),
        client(loop.context(), url, limits_of(with)) {}

  struct reply {
    reply() = default;  // no aggregate: it comes out of coroutines
    int status = 0;
    std::string type, location, body;
  };
  using event_taker = std::function<bool(remote::sse_event)>;

  remote::http_request request_of(const std::string& method, const std::string& path) const {
    remote::http_request request;
    request.method = method;
    request.target = url.target + "api/v1/" + path;
    request.headers = headers;
    request.repeatable = method == "GET";
    return request;
  }

  awaitable<std::shared_ptr<remote::http_exchange>> begin(remote::http_request request) {
    if (stopped) throw client_error(client_error::kind::left, "interrupted");
    co_return co_await client.send(std::move(request), ended);
  }

  awaitable<reply> whole(std::shared_ptr<remote::http_exchange> from) {
    reply result;
    result.status = from->head().status;
    result.type = from->head().content_type;
    result.location = from->head().location;
    for (;;) {
      const std::string piece = co_await from->next();
      if (piece.empty()) break;
      if (result.body.size() + piece.size() > largest_reply) {
        throw client_error(client_error::kind::broken, "the reply is longer than 256 MiB");
      }
      result.body += piece;
    }
    co_return result;
  }

  awaitable<reply> ask(remote::http_request request) {
    boost::asio::steady_timer timer(loop.context(), reply_time);
    const auto late = std::make_shared<bool>(false);
    timer.async_wait([this, late](boost::system::error_code error) {
      if (error) return;
      *late = true;
      ended.fire();
    });
    try {
      const auto exchange = co_await begin(std::move(request));
      reply result = co_await whole(exchange);
      co_return result;
    } catch (const client_error&) {
      if (!*late) throw;
    }
    throw client_error(client_error::kind::lost, url.origin() + " did not answer in time");
  }

  // A reply that is no stream is returned.
  awaitable<reply> listen(remote::http_request request, event_taker take) {
    const auto exchange = co_await begin(std::move(request));
    if (exchange->head().status != 200 || exchange->head().content_type != "text/event-stream") {
      reply refused = co_await whole(exchange);
      co_return refused;
    }
    remote::sse_reader reader(largest_event);
    bool goes_on = true;
    const std::function<void(remote::sse_event)> pass = [&](remote::sse_event event) {
      if (goes_on) goes_on = take(std::move(event));
    };
    while (goes_on) {
      const std::string piece = co_await exchange->next();
      if (piece.empty()) break;
      if (!reader.feed(piece, pass)) {
        throw client_error(client_error::kind::broken, "an event is longer than 1 MiB");
      }
    }
    reply over;
    over.status = 200;
    co_return over;
  }

  template <class T>
  T wait_for(awaitable<T> work) {
    try {
      return boost::asio::co_spawn(loop.context(), std::move(work), boost::asio::use_future).get();
    } catch (const client_error& e) {
      tell(e);
    }
  }

  [[noreturn]] void tell(const client_error& why) const {
    using kind = client_error::kind;
    const exit_code ends = exit_code_of(why);
    if (why.why() == kind::left) throw admin_error("interrupted", "interrupted", "", ends);
    if (why.why() == kind::unreachable) {
      throw admin_error(
          "unreachable", why.what(),
          url.secure ? "is its certificate trusted? --ca FILE names the authorities that are; and "
                       "--url URL says where the operators' API is"
                     : "start the server with --operator 127.0.0.1:8081, or say with --url URL "
                       "where its operators' API is",
          ends);
    }
    throw admin_error(
        why.why() == kind::broken ? "broken" : "lost", why.what(),
        why.why() == kind::lost ? "what was asked for may have been done; look again" : "", ends);
  }

  std::string here() const { return url.origin() + url.target; }

  [[noreturn]] void refuse(const reply& given) const {
    raw_json body;
    if (given.type == "application/json") {
      try {
        body = raw_json::parse(given.body);
      } catch (const invalid_json&) {  // nothing of ours, then
      }
    }
    const json::value view(body);
    const auto code = view["code"].string(), message = view["message"].string();
    if (code && message) {
      std::string hint = view["hint"].string().value_or("");
      if (*code == "unauthorized") hint = hint_of_key(command);
      if (*code == "forbidden" && hint.empty()) hint = "it takes a key whose role is \"act\"";
      throw admin_error(*code, *message, hint);
    }
    if (given.status / 100 == 3 && !given.location.empty()) {
      throw admin_error("not_found", here() + " sends elsewhere: " + given.location,
                        "give that address with --url");
    }
    throw admin_error("not_found",
                      "there is no operators' API at " + here() + ": it answers with status " +
                          std::to_string(given.status),
                      "it has a listener of its own, which the server names when it starts: give "
                      "that address with --url");
  }

  reply fetch(remote::http_request request) {
    reply result = wait_for(ask(std::move(request)));
    if (result.status != 200) refuse(result);
    return result;
  }

  raw_json fetch_json(remote::http_request request) {
    const reply result = fetch(std::move(request));
    if (result.type != "application/json") refuse(result);
    try {
      return raw_json::parse(result.body);
    } catch (const invalid_json& e) {
      throw admin_error("broken", here() + " answers with what is no JSON: " + e.what(), "",
                        exit_code::unreachable);
    }
  }

  const admin_command command;
  const remote::http_url url;
  const remote::header_list headers;
  remote::interruption ended;  // of what is under way
  bool stopped = false;        // both: the loop's thread alone
  remote::loop loop;
  remote::http_client client;
};

admin_link::admin_link(const admin_command& command, const terminal::variables& environment)
    : state_(std::make_unique<state>(command, environment)) {}

admin_link::~admin_link() { state_->loop.end(); }

raw_json admin_link::get(const std::string& path) {
  return state_->fetch_json(state_->request_of("GET", path));
}

raw_json admin_link::post(const std::string& path, const std::string& body) {
  remote::http_request request = state_->request_of("POST", path);
  request.body = body;
  return state_->fetch_json(std::move(request));
}

std::string admin_link::read(const std::string& path) {
  return state_->fetch(state_->request_of("GET", path)).body;
}

void admin_link::follow(const std::string& path, const std::string& behind,
                        std::function<bool(remote::sse_event)> take) {
  remote::http_request request = state_->request_of("GET", path);
  if (!behind.empty()) request.headers.emplace_back("Last-Event-ID", behind);
  const state::reply end = state_->wait_for(state_->listen(std::move(request), std::move(take)));
  if (end.status != 200 || !end.type.empty()) state_->refuse(end);
}

void admin_link::stop() noexcept {
  boost::asio::post(state_->loop.context(), [all = state_.get()] {
    all->stopped = true;
    all->ended.fire();
  });
}

}  // namespace longhaul
