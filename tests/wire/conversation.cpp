// SPDX-License-Identifier: Apache-2.0
// Commands of a conversation:
//   ! open DOOR          opens a door of the fixture
//   ! arrived DOOR       waits until a handler stands at it
//   ! stopped DOOR       waits until a handler was told to stop at it
//   ! await_status ID S  waits until that task has that status
//   ! advance MS         time passes
//   ! leave LABEL        the client of that request leaves
//   ! closed LABEL       waits until the server closed the connection of that request
//   ! waiting LABEL      waits until that request said that it will wait
//   ! add_tool NAME OWNER  adds a tool (without OWNER: for everybody)
//   ! remove_tool NAME
//   ! replace            another process takes over the endpoint
//   ! shut_down          the server stops
// A file whose line of dashes says "changing tools" has a server with tools that come and go. In
// one that says "event ids" messages stand behind the id of their event, and events without a
// message are shown as well: `a< 1-1`, `a< 1-2 {…}`, `a< 1-3 retry 500`, `a< 200 1-4 {…}`.
#include "conversation.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>

#include "exchange_player.hpp"

namespace longhaul::test {
namespace {

struct mismatch : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
}

bool may_hold(const std::string& kind, char c) {
  const bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  if (kind == "task") return word;
  if (kind == "time") return word || c == '-' || c == ':' || c == '.';
  if (kind == "any") return c != '"';
  return word || c == '-' || c == '_' || c == '.';
}

class player {
 public:
  explicit player(fixture_options options) : server_(std::move(options)) {
    pipe_out_ = std::make_shared<test_outlet>(server_.context());
  }

  void line(const std::string& text) {
    if (text.empty() || text[0] == '#') return;
    if (text[0] == '!') return command(text.substr(2));
    const auto arrow = text.find_first_of("<>");
    if (arrow == std::string::npos || text.size() < arrow + 2) throw mismatch("not understood");
    const std::string label = text.substr(0, arrow);
    const bool last = text[arrow + 1] == '*', maybe = text[arrow + 1] == '?';
    const std::string rest = text.substr(arrow + (last || maybe ? 3 : 2));
    if (text[arrow] == '>') return send(label, rest);
    if (last) return expect_last(label, rest);
    if (maybe) return skip(label, rest);
    expect(label, rest);
  }

  void finish() {
    for (auto& [label, out] : open_) {
      if (out->unread() > 0) {
        throw mismatch("at the end, " + label + " has more: " + out->next()->text);
      }
    }
    if (pipe_out_->unread() > 0) {
      throw mismatch("at the end, the pipe has more: " + pipe_out_->next()->text);
    }
  }

 private:
  void command(const std::string& text) {
    const auto space = text.find(' ');
    const std::string verb = text.substr(0, space);
    const std::string noun = space == std::string::npos ? "" : text.substr(space + 1);
    bool good = true;
    if (verb == "open") {
      server_.door.open(noun);
    } else if (verb == "arrived") {
      good = server_.door.await_arrival(noun);
    } else if (verb == "stopped") {
      good = server_.door.await_stop(noun);
    } else if (verb == "await_status") {
      const auto to = noun.find("}} ");
      good = server_.await_status(bound_.at(noun.substr(2, to - 2)), noun.substr(to + 3));
    } else if (verb == "advance") {
      server_.advance(milliseconds(std::stol(noun)));
    } else if (verb == "leave") {
      open_.at(noun)->leave();
    } else if (verb == "closed") {
      good = open_.at(noun)->await_closed();
    } else if (verb == "waiting") {
      good = open_.at(noun)->await_waiting();
    } else if (verb == "add_tool") {
      const auto stop = std::min(noun.find(' '), noun.size());
      server_.add_tool(noun.substr(0, stop), noun.substr(std::min(stop + 1, noun.size())));
    } else if (verb == "remove_tool") {
      good = server_.tools().remove_tool(noun);
    } else if (verb == "resource_updated") {
      server_.tools().watch().updated(noun);
    } else if (verb == "replace") {
      server_.replace_http();
    } else if (verb == "shut_down") {
      server_.http().shut_down();
      if (pipe_) pipe_->shut_down();
    } else {
      throw mismatch("unknown command");
    }
    if (!good) throw mismatch("it did not happen");
  }

  std::string filled(std::string text) const {
    replace_all(text, "{{meta}}", modern_meta());
    replace_all(text, "{{meta tasks}}", modern_meta(tasks_declared));
    replace_all(text, "{{meta elicit}}", modern_meta(R"("elicitation":{})"));
    replace_all(text, "{{meta tasks elicit}}",
                modern_meta(tasks_declared + R"(,"elicitation":{})"));
    const std::string all =
        R"("elicitation":{"form":{},"url":{}},"sampling":{"tools":{},"context":{}},"roots":{})";
    replace_all(text, "{{meta all}}", modern_meta(all));
    replace_all(text, "{{meta tasks all}}", modern_meta(tasks_declared + "," + all));
    replace_all(text, "{{meta sampling}}", modern_meta(R"("sampling":{})"));
    for (const auto& [name, value] : bound_) replace_all(text, "{{" + name + "}}", value);
    return text;
  }

  void send(const std::string& label, const std::string& text) {
    const std::string full = filled(text);
    // A message begins at the first of these; a remark about broken text needs no valid JSON.
    if (full[0] != 'P' && full[0] != 'G' && full[0] != 'D') {
      if (!pipe_) pipe_ = server_.pipe(pipe_out_);
      return send_line(server_, *pipe_, full[0] == '%' ? full.substr(1) : full);
    }
    const auto start = full.find_first_of("{[%");
    std::string body = start == std::string::npos ? "" : full.substr(start);
    if (body.starts_with('%')) body.erase(0, 1);  // marks text that is no JSON
    const std::string head = full.substr(0, start);
    const std::string method = head.substr(0, head.find(' '));
    if (open_.contains(label) && open_[label]->unread() > 0) {
      throw mismatch("the request before has more: " + open_[label]->next()->text);
    }
    open_[label] = send_http(server_, method, headers(head.substr(method.size()), body), body);
  }

  header_list headers(const std::string& text, const std::string& body) const {
    header_list list;
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
        const auto own = modern_headers(body);
        list.insert(list.end(), own.begin(), own.end());
      } else if (part.starts_with("legacy ")) {
        list.emplace_back("Mcp-Session-Id", part.substr(7));
      } else if (part.starts_with("as ")) {
        list.emplace_back("Authorization", "Bearer good-" + part.substr(3));
      } else if (colon != std::string::npos) {
        list.emplace_back(part.substr(0, colon), part.substr(colon + 2));
      } else {
        throw mismatch("a header is not understood: " + part);
      }
    }
    return list;
  }

  void expect(const std::string& label, const std::string& text) {
    const bool final_reply = text[0] >= '0' && text[0] <= '9' && !begins_with_event_id(text);
    const bool on_pipe = !final_reply && !open_.contains(label);
    const auto out = on_pipe ? pipe_out_ : open_.at(label);
    const auto came = out->next();
    if (!came) throw mismatch("nothing came");
    if (final_reply != came->reply.has_value()) {
      throw mismatch("came instead: " + shown(*came));
    }
    match(text, shown(*came));
  }

  void skip(const std::string& label, const std::string& text) {
    auto came = open_.at(label)->next();
    if (!came) throw mismatch("nothing came");
    try {
      if (came->reply) throw mismatch("the final reply");
      match(text, shown(*came));
    } catch (const mismatch&) {
      open_.at(label)->put_back(std::move(*came));
    }
  }

  void expect_last(const std::string& label, const std::string& text) {
    while (auto came = open_.at(label)->next()) {
      if (came->reply) return match(text, shown(*came));
    }
    throw mismatch("nothing came");
  }

  static bool begins_with_event_id(const std::string& text) {
    const auto digits = text.find_first_not_of("0123456789");
    return digits != std::string::npos && text[digits] == '-';
  }

  std::string shown(const event& what) const {
    const std::string id = server_.shows_event_ids() ? what.id : std::string();
    if (!what.reply) {
      std::string text = id;
      if (what.retry) text += " retry " + std::to_string(what.retry->count());
      if (!what.text.empty() && !text.empty()) text += ' ';
      return text + what.text;
    }
    std::string text = std::to_string(what.reply->status);
    if (!id.empty()) text += " " + id;
    if (!what.reply->session_id.empty()) text += " Mcp-Session-Id: " + what.reply->session_id + ";";
    if (!what.reply->allow.empty()) text += " Allow: " + what.reply->allow + ";";
    if (!what.reply->www_authenticate.empty()) {
      text += " WWW-Authenticate: " + what.reply->www_authenticate + ";";
    }
    if (!what.reply->body.empty()) text += " " + what.reply->body;
    return text;
  }

  void match(const std::string& wanted, const std::string& came) {
    const std::string pattern = filled(wanted);
    const auto fail = [&] { throw mismatch("wanted: " + pattern + "\n  came:   " + came); };
    std::size_t at = 0, p = 0;
    while (p < pattern.size()) {
      if (pattern.compare(p, 2, "{{") != 0 || pattern.find("}}", p) == std::string::npos ||
          pattern[p + 2] == '"') {
        if (at >= came.size() || came[at] != pattern[p]) fail();
        ++at;
        ++p;
        continue;
      }
      const auto end = pattern.find("}}", p);
      const std::string name = pattern.substr(p + 2, end - p - 2);
      const std::string kind = name.substr(0, name.find(':'));
      const auto from = at;
      if (kind == "skip") {  // anything, up to what comes behind it
        const auto stop = pattern.find("{{", end + 2);
        if (stop == std::string::npos) {  // nothing but this text follows: it is the end
          const std::string rest = pattern.substr(end + 2);
          if (came.size() < at + rest.size() || !came.ends_with(rest)) fail();
          return;
        }
        at = came.find(pattern.substr(end + 2, stop - end - 2), at);
        if (at == std::string::npos) fail();
        p = end + 2;
        continue;
      }
      while (at < came.size() && may_hold(kind, came[at])) ++at;
      if (at == from) fail();
      const std::string value = came.substr(from, at - from);
      if (kind != "time" && kind != "any") {
        const auto known = bound_.emplace(name, value).first;
        if (known->second != value) fail();
      }
      p = end + 2;
    }
    if (at != came.size()) fail();
  }

  std::unique_ptr<wire::pipe_endpoint> pipe_;  // outlives what the server's thread still runs
  fixture_server server_;
  std::map<std::string, std::string> bound_;
  std::map<std::string, std::shared_ptr<test_outlet>> open_;
  std::shared_ptr<test_outlet> pipe_out_;
};

}  // namespace

std::string play_conversation(const std::string& path) {
  std::ifstream file(path);
  if (!file) return path + ": cannot be read";
  std::string line;
  std::size_t number = 0;
  bool prose = true;
  std::optional<player> play;
  try {
    while (std::getline(file, line)) {
      ++number;
      if (prose) {
        prose = !line.starts_with("---");
        if (!prose)
          play.emplace(fixture_options{.dynamic = line.find("changing") != std::string::npos,
                                       .features = line.find("features") != std::string::npos,
                                       .event_ids = line.ends_with("event ids")});
        continue;
      }
      play->line(line);
    }
    if (prose) return path + ": no line of dashes";
    play->finish();
  } catch (const std::exception& e) {
    return path + ":" + std::to_string(number) + ": " + line + "\n  " + e.what();
  }
  return {};
}

}  // namespace longhaul::test
