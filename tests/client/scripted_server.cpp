// SPDX-License-Identifier: Apache-2.0
#include "client/scripted_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>

#include "base/text.hpp"

namespace longhaul::test {

std::string heard::method() const {
  const json::value view(message);
  if (const auto name = view["method"].string()) return *name;
  return message ? "response" : verb;
}

std::string result_text(const heard& asked, std::string_view result) {
  return R"({"jsonrpc":"2.0","id":)" + asked.id() + ",\"result\":" + std::string(result) + "}";
}

// --- a connection

void wire::send(std::string_view bytes) {
  while (!cut_ && !bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return cut();
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void wire::reply(int status, const std::string& type, std::string_view body,
                 const std::string& headers) {
  std::string text = "HTTP/1.1 " + std::to_string(status) + " As Written\r\n" + headers;
  if (!type.empty()) text += "Content-Type: " + type + "\r\n";
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  send(text += body);
}

void wire::answer(const heard& asked, std::string_view result, const std::string& headers) {
  reply(200, "application/json", result_text(asked, result), headers);
}

void wire::refuse(const heard& asked, int code, std::string_view text, int status) {
  reply(status, "application/json",
        R"({"jsonrpc":"2.0","id":)" + asked.id() + ",\"error\":{\"code\":" + std::to_string(code) +
            ",\"message\":\"" + std::string(text) + "\"}}");
}

void wire::begin_events(const std::string& headers) {
  send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n" +
       headers + "\r\n");
}

void wire::chunk(std::string_view bytes) {
  std::array<char, 20> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
  send(size.data() + std::string(bytes) + "\r\n");
}

void wire::event(std::string_view data, std::string_view id) {
  std::string text = id.empty() ? "" : "id: " + std::string(id) + "\n";
  chunk(text + "data: " + std::string(data) + "\n\n");
}

void wire::end_events() { send("0\r\n\r\n"); }

void wire::hold() {
  std::array<char, 256> room{};
  while (!cut_ && ::recv(socket_, room.data(), room.size(), 0) > 0) continue;
  cut();
}

void wire::cut() {
  if (!std::exchange(cut_, true)) ::shutdown(socket_, SHUT_RDWR);
}

// --- the server

scripted_server::scripted_server() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, name, size) != 0 || ::listen(listener_, 128) != 0 ||
      ::getsockname(listener_, name, &size) != 0) {
    throw std::runtime_error("no free port on 127.0.0.1");
  }
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept_all(); });
}

scripted_server::~scripted_server() {
  std::vector<std::pair<int, std::thread>> open;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    for (auto& [socket, thread] : served_) ::shutdown(socket, SHUT_RDWR);
    open.swap(served_);
  }
  ::shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  for (auto& [socket, thread] : open) {
    thread.join();
    ::close(socket);
  }
  ::close(listener_);
}

void scripted_server::accept_all() {
  for (;;) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const std::lock_guard lock(mutex_);
    if (ended_) {
      ::close(socket);
      return;
    }
    const int number = ++connections_;
    served_.emplace_back(socket, std::thread([this, socket, number] { serve(socket, number); }));
  }
}

bool scripted_server::read(int socket, std::string& rest, heard& into) {
  std::array<char, 16 * 1024> room;
  const auto more = [&] {
    const ssize_t came = ::recv(socket, room.data(), room.size(), 0);
    if (came > 0) rest.append(room.data(), static_cast<std::size_t>(came));
    return came > 0;
  };
  while (rest.find("\r\n\r\n") == std::string::npos) {
    if (!more()) return false;
  }
  const std::size_t end = rest.find("\r\n\r\n");
  const std::size_t first = rest.find("\r\n");
  const std::string line = rest.substr(0, first);
  into.verb = line.substr(0, line.find(' '));
  into.target = line.substr(into.verb.size() + 1, line.rfind(' ') - into.verb.size() - 1);
  for (std::size_t at = first + 2; at < end;) {
    const std::size_t stop = std::min(rest.find("\r\n", at), end);
    const std::string header = rest.substr(at, stop - at);
    const std::size_t colon = header.find(':');
    into.headers[lowered(header.substr(0, colon))] = trimmed(header.substr(colon + 1));
    at = stop + 2;
  }
  rest.erase(0, end + 4);
  const std::string length = into.header("content-length");
  const std::size_t size = length.empty() ? 0 : std::stoul(length);
  while (rest.size() < size) {
    if (!more()) return false;
  }
  into.body = rest.substr(0, size);
  rest.erase(0, size);
  if (!into.body.empty()) into.message = raw_json::parse(into.body);
  return true;
}

void scripted_server::serve(int socket, int number) {
  wire out(socket);
  std::string rest;
  while (!out.is_cut()) {
    heard asked;
    asked.connection = number;
    if (!read(socket, rest, asked)) break;
    script what = [](const heard& one, wire& to) {
      if (one.id().empty()) return to.reply(one.message ? 202 : 405, "", "");
      to.refuse(one, -32601, "no such method");
    };
    {
      const std::lock_guard lock(mutex_);
      heard_.push_back(asked);
      const auto found = scripts_.find(asked.method());
      if (found != scripts_.end()) what = found->second;
    }
    what(asked, out);
  }
  ::shutdown(socket, SHUT_RDWR);
}

void scripted_server::on(const std::string& method, script what) {
  const std::lock_guard lock(mutex_);
  scripts_[method] = std::move(what);
}

void scripted_server::modern() {
  on("server/discover", [](const heard& asked, wire& out) {
    out.answer(asked, R"({"resultType":"complete","supportedVersions":["2026-07-28"],)"
                      R"("capabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}},)"
                      R"("tools":{}},"serverInfo":{"name":"scripted","version":"1"}})");
  });
}

void scripted_server::sessions(const std::string& version) {
  on("server/discover", [](const heard&, wire& out) { out.reply(404, "text/plain", "what?"); });
  on("initialize", [this, version](const heard& asked, wire& out) {
    out.answer(asked,
               R"({"protocolVersion":")" + version +
                   R"(","capabilities":{"tools":{},"tasks":{"requests":{"tools":{"call":{}}}}},)"
                   R"("serverInfo":{"name":"scripted","version":"1"}})",
               "Mcp-Session-Id: s" + std::to_string(++sessions_) + "\r\n");
  });
  on("GET", [](const heard&, wire& out) { out.reply(405, "", ""); });
  on("DELETE", [](const heard&, wire& out) { out.reply(200, "", ""); });
}

std::vector<heard> scripted_server::all() const {
  const std::lock_guard lock(mutex_);
  return heard_;
}

int scripted_server::count(const std::string& method) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(
      std::ranges::count_if(heard_, [&](const heard& each) { return each.method() == method; }));
}

}  // namespace longhaul::test
