// SPDX-License-Identifier: Apache-2.0
// A small HTTP server on a free port of 127.0.0.1 that says what a test wants, byte by byte if need
// be, and remembers what it was asked. By itself it is as broken as its script.
//
//   scripted_server server;
//   server.modern();
//   server.on("tools/call", [](const heard& asked, wire& out) { out.answer(asked, "{}"); });
//
// Threads: one for each connection, on which its script runs; the rest any.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "json/view.hpp"
#include "longhaul/raw_json.hpp"

namespace longhaul::test {

struct heard {
  std::string verb, target, body;
  std::map<std::string, std::string> headers;  // names in lower case
  int connection = 0;                          // from 1
  raw_json message;                            // absent: the body is none

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
  /// Of JSON-RPC; else the verb; of a response "response".
  std::string method() const;
  std::string id() const { return std::string(json::value(message)["id"].raw()); }
  json::value params() const { return json::value(message)["params"]; }
};

/// The server's end of one connection.
class wire {
 public:
  explicit wire(int socket) : socket_(socket) {}

  void send(std::string_view bytes);
  void reply(int status, const std::string& type, std::string_view body,
             const std::string& headers = {});
  /// A JSON-RPC result, or an error of it, or all of a message.
  void answer(const heard& asked, std::string_view result, const std::string& headers = {});
  void refuse(const heard& asked, int code, std::string_view text, int status = 200);
  /// A stream of events, in chunks.
  void begin_events(const std::string& headers = {});
  void chunk(std::string_view bytes);
  void event(std::string_view data, std::string_view id = {});
  void end_events();
  /// Until the other side or the server is gone.
  void hold();
  /// Ends the connection, at once.
  void cut();
  bool is_cut() const noexcept { return cut_; }

 private:
  const int socket_;
  bool cut_ = false;
};

/// `{"jsonrpc":"2.0","id":…,"result":…}`
std::string result_text(const heard& asked, std::string_view result);

class scripted_server {
 public:
  using script = std::function<void(const heard& asked, wire& out)>;

  scripted_server();
  ~scripted_server();
  scripted_server(const scripted_server&) = delete;
  scripted_server& operator=(const scripted_server&) = delete;

  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::string url() const { return origin() + "/mcp"; }

  /// By method of JSON-RPC, or by verb (GET, DELETE), or "response". What has no script is −32601.
  void on(const std::string& method, script what);
  /// Answers `server/discover` as a server of 2026-07-28, with tasks.
  void modern();
  /// Answers `initialize`, gives sessions "s1", "s2", …, and knows no `server/discover`.
  void sessions(const std::string& version = "2025-11-25");

  std::vector<heard> all() const;
  int count(const std::string& method) const;
  int connections() const { return connections_; }

 private:
  void accept_all();
  void serve(int socket, int number);
  bool read(int socket, std::string& rest, heard& into);

  int listener_ = -1, port_ = 0;
  std::atomic<int> connections_{0}, sessions_{0};
  std::thread accepting_;
  mutable std::mutex mutex_;
  std::map<std::string, script> scripts_;
  std::vector<heard> heard_;
  std::vector<std::pair<int, std::thread>> served_;
  bool ended_ = false;
};

}  // namespace longhaul::test
