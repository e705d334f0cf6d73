// SPDX-License-Identifier: Apache-2.0
// A client's end of the two endpoints: what the server sends comes out as events, in order.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fixture_server.hpp"
#include "json/view.hpp"
#include "support/record.hpp"

namespace longhaul::test {

inline json::value view(const std::string& text) { return json::value(std::string_view(text)); }

/// What came from the server: a message, or the final reply of an HTTP request.
struct event {
  std::string text;
  std::string id = {};  // of the event
  std::optional<std::chrono::milliseconds> retry = std::nullopt;
  std::optional<wire::http_reply> reply = std::nullopt;
};

/// An outlet that keeps what it is given, until somebody takes it.
class test_outlet final : public wire::outlet {
 public:
  explicit test_outlet(boost::asio::io_context& context) : context_(context) {}

  bool send(std::string message) override;
  /// Events that carry no message are kept only where `with_ids` was said.
  bool send_event(wire::stream_event event, wire::urgency how) override;
  void end_stream() override;
  void expect_wait() override;
  void only_reply() override;
  void on_gone(std::function<void()> callback) override;

  void finish(wire::http_reply reply);
  /// Of what it is given; 0: of a pipe.
  std::uint64_t exchange = 0;
  /// From now on what comes is shown with its id.
  void with_ids();
  /// Waits for the end that the server brings before there is a reply.
  bool await_closed();
  /// The client leaves.
  void leave();
  /// From now on nothing fits (or everything again).
  void set_full(bool full);
  /// Null: nothing came in time.
  std::optional<event> next(std::chrono::milliseconds patience = doors::patience);
  void put_back(event what);
  bool await_waiting();
  bool finished();
  int waits_announced();
  /// Whether the wait was announced with nothing but the reply to be sent.
  bool only_reply_said();
  std::size_t unread();

 private:
  boost::asio::io_context& context_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<event> events_;
  std::function<void()> gone_callback_;
  bool gone_ = false, full_ = false, ids_ = false, closed_ = false, finished_ = false,
       only_reply_ = false;
  int waits_ = 0;
};

/// Headers of an HTTP request, by lower-case name.
using header_list = std::vector<std::pair<std::string, std::string>>;

/// Sends one HTTP request; its reply comes out of the outlet.
std::shared_ptr<test_outlet> send_http(fixture_server& server, std::string method,
                                       header_list headers, std::string body);
/// The same to an endpoint that is not the fixture's own.
std::shared_ptr<test_outlet> send_http_to(fixture_server& server, wire::http_endpoint& endpoint,
                                          header_list headers, std::string body,
                                          std::string method = "POST");
/// Sends one line on a pipe; `done` counts finished lines.
void send_line(fixture_server& server, wire::pipe_endpoint& pipe, std::string line);

/// Headers that belong to a modern message.
header_list modern_headers(const std::string& body);
/// Sends a modern message and waits for its final reply.
wire::http_reply post_modern(fixture_server& server, const std::string& body,
                             header_list more = {});
/// Sends a message of a session and waits for its final reply.
wire::http_reply post_legacy(fixture_server& server, const std::string& session,
                             const std::string& body, header_list more = {});
/// Begins a session; its id.
std::string begin_session(fixture_server& server, const std::string& version = "2025-11-25",
                          const std::string& capabilities = "{}", header_list more = {});
/// `_meta` of a modern request; `declared`: members of the capabilities.
std::string modern_meta(const std::string& declared = "", const std::string& more = "");
inline const std::string tasks_declared = R"("extensions":{"io.modelcontextprotocol/tasks":{}})";

}  // namespace longhaul::test
