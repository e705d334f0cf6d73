// SPDX-License-Identifier: Apache-2.0
#include "testing/player.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <charconv>
#include <future>

#include "json/validate.hpp"
#include "json/view.hpp"
#include "protocol/era.hpp"
#include "tasks/sync.hpp"
#include "testing/tunables.hpp"

namespace longhaul::testkit {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool begins_with_event_id(const std::string& text) {
  const auto digits = text.find_first_not_of("0123456789");
  return digits != std::string::npos && digits > 0 && text[digits] == '-';
}

// A final reply begins with its status.
bool is_final(const std::string& text) {
  return !text.empty() && is_digit(text[0]) && !begins_with_event_id(text);
}

// The messages of a text: itself, or the elements of an array. None: it is no JSON.
std::vector<json::value> messages_in(const std::string& text) {
  try {
    json::validate(text);
  } catch (const invalid_json&) {
    return {};
  }
  const json::value whole{std::string_view(text)};
  if (!whole.is(json::kind::array)) return {whole};
  std::vector<json::value> all;
  for (json::elements e(whole); e.next();) all.push_back(e.value());
  return all;
}

}  // namespace

player::~player() {
  for (const auto& [label, out] : open_) out->leave();
  if (pipe_ == nullptr) return;
  // Calls of the pipe are on the thread of the exchanges, and so must be what ends them.
  std::promise<void> left;
  boost::asio::post(server_.context(), [&] {
    pipe_->leave(std::chrono::milliseconds(0));
    left.set_value();
  });
  left.get_future().wait();
}

void player::line(const std::string& text) {
  if (text.empty() || text[0] == '#') return;
  if (text.starts_with("! ")) return run_command(text.substr(2));
  if (const auto wanted = read_expectation(text)) return expect(*wanted);
  const auto arrow = text.find('>');
  if (arrow == std::string::npos || text.size() < arrow + 3) throw mismatch("not understood");
  send(text.substr(0, arrow), text.substr(arrow + 2));
}

std::optional<player::expectation> player::read_expectation(const std::string& text) {
  const auto arrow = text.find_first_of("<>");
  if (arrow == std::string::npos || text[arrow] == '>') return std::nullopt;
  expectation wanted;
  wanted.label = text.substr(0, arrow);
  const char mark = arrow + 1 < text.size() ? text[arrow + 1] : ' ';
  if (mark == '*') wanted.kind = expectation::how::last;
  if (mark == '?') wanted.kind = expectation::how::maybe;
  const std::size_t start = arrow + (mark == ' ' ? 2 : 3);
  wanted.text = start < text.size() ? text.substr(start) : std::string();
  return wanted;
}

// --- commands

void player::run_command(const std::string& text) {
  const auto space = text.find(' ');
  const std::string name = text.substr(0, space);
  const std::string rest =
      space == std::string::npos ? std::string() : names_.filled(text.substr(space + 1));
  const auto known = commands_.find(name);
  const bool happened =
      known != commands_.end() ? known->second(rest) : run_own_command(name, rest);
  if (!happened) throw mismatch("it did not happen; " + server_.state());
}

bool player::run_own_command(const std::string& name, const std::string& rest) {
  if (name == "advance") {
    long long length = 0;
    const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), length);
    if (read.ec != std::errc() || read.ptr != rest.data() + rest.size()) {
      throw mismatch("advance takes milliseconds");
    }
    server_.advance(std::chrono::milliseconds(length));
    return true;
  }
  if (name == "idle") return server_.settle();
  if (name == "await_status") return await_status(rest);
  if (name == "leave") return opened(rest).leave(), true;
  if (name == "closed") {
    return server_.wait_at_this_time([&] { return opened(rest).closed(); });
  }
  if (name == "waiting") {
    return server_.wait_at_this_time([&] { return opened(rest).waiting(); });
  }
  if (name == "replace") return server_.replace_endpoint(), true;
  if (name == "shut_down") {
    server_.shut_down_endpoint();
    if (pipe_ != nullptr) pipe_->shut_down();
    return true;
  }
  throw mismatch("there is no command " + name);
}

bool player::await_status(const std::string& rest) {
  const auto space = rest.find(' ');
  if (space == std::string::npos) throw mismatch("await_status takes a task and a status");
  const std::string id = rest.substr(0, space), status = rest.substr(space + 1);
  return server_.wait_at_this_time([&] {
    for (const std::string& owner : owners_) {
      const task_ptr now = tasks::sync(server_.engine().get_any(owner, id));
      if (now) return to_string(now->status) == status;
    }
    return false;
  });
}

// --- what is sent

void player::send(const std::string& label, const std::string& text) {
  const std::string full = names_.filled(text);
  const bool over_http =
      std::ranges::any_of(std::initializer_list<std::string_view>{"POST", "GET", "DELETE"},
                          [&](std::string_view method) {
                            return full == method || full.starts_with(std::string(method) + " ");
                          });
  if (over_http) return send_over_http(label, full);
  send_on_pipe(full[0] == '%' ? full.substr(1) : full);
}

void player::send_on_pipe(const std::string& message) {
  if (pipe_ == nullptr) pipe_ = &server_.open_pipe(pipe_out_);
  note_asked(message, {});
  server_.send_line(*pipe_, message);
}

void player::send_over_http(const std::string& label, const std::string& text) {
  const auto start = text.find_first_of("{[%");
  http_call call;
  if (start != std::string::npos) call.body = text.substr(start);
  if (call.body.starts_with('%')) call.body.erase(0, 1);
  const std::string head = text.substr(0, start);
  call.method = head.substr(0, head.find(' '));
  call.who = auth::anonymous_caller("192.0.2.7");
  read_headers(head.substr(call.method.size()), call);
  if (const auto before = open_.find(label); before != open_.end()) {
    if (auto more = before->second->next()) {
      throw mismatch("the request before has more: " + shown(*more));
    }
  }
  note_asked(call.body, call.headers);
  const auto out = server_.open_stream();
  if (event_ids_) out->show_ids();
  open_[label] = out;
  server_.send(std::move(call), out);
}

void player::read_headers(const std::string& text, http_call& into) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto stop = std::min(text.find(';', at), text.size());
    std::string part = text.substr(at, stop - at);
    at = stop + 1;
    const auto from = part.find_first_not_of(' ');
    if (from == std::string::npos) continue;
    part = part.substr(from, part.find_last_not_of(' ') + 1 - from);
    const auto colon = part.find(": ");
    if (part == "modern") {
      const auto own = stateless_headers(into.body);
      into.headers.insert(into.headers.end(), own.begin(), own.end());
    } else if (part.starts_with("legacy ")) {
      into.headers.emplace_back("Mcp-Session-Id", part.substr(7));
    } else if (part.starts_with("as ")) {
      const std::string owner = "key:" + part.substr(3);
      into.who = {owner, owner, true};
      owners_.insert(owner);
    } else if (colon != std::string::npos) {
      into.headers.emplace_back(part.substr(0, colon), part.substr(colon + 2));
    } else {
      throw mismatch("a header is not understood: " + part);
    }
  }
}

// --- what comes

stream& player::opened(const std::string& label) const {
  const auto found = open_.find(label);
  if (found == open_.end()) throw mismatch("there is no request named \"" + label + "\"");
  return *found->second;
}

std::shared_ptr<stream> player::stream_for(const expectation& wanted) const {
  const auto found = open_.find(wanted.label);
  if (found != open_.end()) return found->second;
  if (is_final(wanted.text)) {
    throw mismatch("there is no request named \"" + wanted.label + "\"");
  }
  return pipe_out_;
}

std::optional<event> player::next(stream& from) {
  server_.wait_at_this_time([&] { return from.unread() > 0; });
  return from.next();
}

void player::expect(const expectation& wanted) {
  const auto from = stream_for(wanted);
  auto came = next(*from);
  if (wanted.kind == expectation::how::last) {
    while (came && !came->reply) came = next(*from);
  }
  if (!came) {
    if (wanted.kind == expectation::how::maybe) return;
    throw mismatch("nothing came; " + server_.state());
  }
  try {
    match(wanted.text, *came);
  } catch (const mismatch&) {
    from->put_back(std::move(*came));
    if (wanted.kind != expectation::how::maybe) throw;
  }
}

void player::match(const std::string& wanted, const event& came) {
  const std::string pattern = names_.filled(wanted), text = shown(came);
  if (const auto parting = names_.match(pattern, text)) {
    throw mismatch(difference(pattern, text, *parting));
  }
  note_answered(came);
}

std::string player::shown(const event& came) const {
  const std::string id = event_ids_ ? came.id : std::string();
  if (!came.reply) {
    std::string text = id;
    if (came.retry) text += " retry " + std::to_string(came.retry->count());
    if (!came.text.empty() && !text.empty()) text += ' ';
    return text + came.text;
  }
  const wire::http_reply& reply = *came.reply;
  std::string text = std::to_string(reply.status);
  if (!id.empty()) text += " " + id;
  const auto header = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) text.append(" ").append(name).append(": ").append(value).append(";");
  };
  header("Mcp-Session-Id", reply.session_id);
  header("Allow", reply.allow);
  header("WWW-Authenticate", reply.www_authenticate);
  if (!reply.body.empty()) text += " " + reply.body;
  return text;
}

// Until all is at rest, or what moves has had its time.
void player::catch_up() {
  const auto until = std::chrono::steady_clock::now() + tunables::catch_up;
  server_.wait_at_this_time([&] { return std::chrono::steady_clock::now() >= until; });
}

void player::finish() {
  catch_up();
  for (auto& [label, out] : open_) {
    if (auto more = out->next())
      throw mismatch("at the end, more has come: " + label + "< " + shown(*more));
  }
  if (auto more = pipe_out_->next()) {
    throw mismatch("at the end, the pipe has more: " + shown(*more));
  }
}

// --- recording

std::string player::line_for(const std::string& label, const event& came) {
  const std::string text = names_.generalised(shown(came));
  note_answered(came);
  return label + "< " + text;
}

std::string player::recorded(const std::string& text) {
  const auto wanted = read_expectation(text);
  if (!wanted || text.empty() || text[0] == '#' || text[0] == '!') {
    line(text);
    return text;
  }
  try {
    expect(*wanted);
    return text;
  } catch (const mismatch&) {
    auto came = stream_for(*wanted)->next();
    return came ? line_for(wanted->label, *came) : std::string();
  }
}

std::vector<std::string> player::unread() {
  catch_up();
  std::vector<std::string> lines;
  for (auto& [label, out] : open_) {
    while (auto came = out->next()) lines.push_back(line_for(label, *came));
  }
  while (auto came = pipe_out_->next()) lines.push_back(line_for({}, *came));
  return lines;
}

// --- which requests got results

void player::note_asked(const std::string& body, const header_list& headers) {
  std::string session;
  for (const auto& [name, value] : headers) {
    if (name == "Mcp-Session-Id") session = value;
  }
  for (const json::value message : messages_in(body)) {
    const auto method = message["method"].string();
    if (!method || !message["id"]) continue;
    const json::value params = message["params"];
    std::string revision = params["_meta"][protocol::version_key].string().value_or("");
    if (revision.empty()) revision = sessions_[session];
    asked_.push_back({std::string(message["id"].raw()), *method, revision});
  }
}

void player::note_answered(const event& came) {
  const std::string& body = came.reply ? came.reply->body : came.text;
  for (const json::value message : messages_in(body)) {
    const auto request = std::find_if(asked_.rbegin(), asked_.rend(), [&](const auto& one) {
      return one.id == message["id"].raw();
    });
    if (!message["result"] || message["method"] || request == asked_.rend()) continue;
    if (request->method == "initialize") {  // the server says which one it is
      request->revision = message["result"]["protocolVersion"].string().value_or("");
      sessions_[came.reply ? came.reply->session_id : std::string()] = request->revision;
    }
    answered_.emplace(request->revision, request->method);
  }
}

}  // namespace longhaul::testkit
