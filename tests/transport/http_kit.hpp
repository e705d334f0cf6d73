// SPDX-License-Identifier: Apache-2.0
// A server over an endpoint that each test scripts, and a client that is nothing but a socket.
// Waiting is for events; the time limit only turns a hang into a failure.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/http_server.hpp"
#include "wire/endpoint.hpp"

namespace longhaul::transport::test {

inline constexpr std::chrono::seconds hang{30};

/// Counts named events; threads wait until one came often enough.
class events {
 public:
  void note(const std::string& name);
  /// False after `hang`.
  bool wait(const std::string& name, int count = 1);
  int count(const std::string& name);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> counts_;
};

/// Holds coroutines back until it is opened, from any thread.
class gate {
 public:
  wire::awaitable<void> wait();
  void open();

 private:
  std::mutex mutex_;
  bool open_ = false;
  std::vector<std::shared_ptr<boost::asio::steady_timer>> waiting_;
};

/// What an endpoint got, copied.
struct seen_request {
  std::string method, body, peer, repeated;
  std::optional<std::string> version, session, mcp_method, mcp_name, content_type, accept,
      authorization, last_event_id;
  std::vector<std::pair<std::string, std::string>> params;
};

class scripted_endpoint final : public wire::http_endpoint {
 public:
  using script =
      std::function<wire::awaitable<wire::http_reply>(seen_request, std::shared_ptr<wire::outlet>)>;
  using judgement = std::function<std::optional<wire::http_reply>(wire::http_request&)>;
  /// Admits POST and DELETE; answers 200 with the body that came, `null` if none did.
  scripted_endpoint();
  std::optional<wire::http_reply> admit(wire::http_request& head) override;
  wire::awaitable<wire::http_reply> handle(const wire::http_request& request, std::string body,
                                           std::shared_ptr<wire::outlet> out) override;
  void shut_down() override { seen.note("shut down"); }

  script run;       // set before the server starts, as is the next
  judgement judge;  // notes "admit" for each
  events seen;
};

struct reply {
  int status = 0;
  std::string head;  // with its empty line
  std::string body;  // without chunks

  /// The value; empty if absent. `name` in lower case.
  std::string header(std::string_view name) const;
  /// The `data` of the events in the body.
  std::vector<std::string> messages() const;
};

class client {
 public:
  explicit client(std::uint16_t port, const char* address = "127.0.0.1", int receive_buffer = 0);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Sends all of it. False if the peer has closed.
  bool send(std::string_view bytes);
  reply read_reply(bool has_body = true);
  std::string read_until(std::string_view mark);
  /// Waits for the server to close; false if bytes come instead.
  bool closed_by_peer();
  /// Everything up to the close.
  std::string read_all();
  /// True if nothing has come so far.
  bool silent();
  void half_close();
  /// Closes with a reset.
  void reset();

 private:
  reply take_reply(bool has_body);
  /// Waits for bytes; false at the end.
  bool more();

  int fd_;
  std::string input_;
};

/// A POST to /mcp with this body.
std::string post(std::string_view body, std::string_view more_headers = {});

class http_test : public ::testing::Test {
 protected:
  http_test();
  void start();
  client connect() { return client(server->port()); }

  http_options options;
  scripted_endpoint endpoint;
  std::unique_ptr<http_server> server;
};

}  // namespace longhaul::transport::test
