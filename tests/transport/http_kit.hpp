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

#include "support/certificate.hpp"
#include "support/tls_client.hpp"
#include "transport/http_server.hpp"
#include "wire/endpoint.hpp"

namespace longhaul::transport::test {

inline constexpr std::chrono::seconds hang{30};

/// The first lines of a request that goes on with lines of its own.
inline const std::string post_head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\n";

/// What HTTP is spoken over.
enum class transport : std::uint8_t { tcp, tls };

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
  std::string owner;  // of the caller
  std::vector<std::pair<std::string, std::string>> params;
};

class scripted_endpoint final : public wire::http_endpoint {
 public:
  using script =
      std::function<wire::awaitable<wire::http_reply>(seen_request, std::shared_ptr<wire::outlet>)>;
  using judgement = std::function<std::optional<wire::http_reply>(const wire::http_request&)>;
  /// Admits everything; answers 200 with the body that came, `null` if none did.
  scripted_endpoint();
  std::optional<wire::http_reply> admit(const wire::http_request& head) override;
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
  /// Throws `std::runtime_error` if there is no connection.
  explicit client(std::uint16_t port, transport over = transport::tcp,
                  const char* address = "127.0.0.1", int receive_buffer = 0);
  /// Over a socket that is connected already, which it takes over.
  struct connected {
    int socket = -1;
  };
  client(connected given, transport over);
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
  /// Null over plain TCP.
  longhaul::test::tls_client* tls() { return tls_.get(); }
  int socket() const { return fd_; }

 private:
  reply take_reply(bool has_body);
  /// Waits for bytes; false at the end.
  bool more();

  int fd_;
  std::unique_ptr<longhaul::test::tls_client> tls_;
  std::string input_;
};

/// A POST to /mcp with this body.
std::string post(std::string_view body, std::string_view more_headers = {});

/// Over plain TCP, unless a test says otherwise before it starts the server.
class http_test : public ::testing::Test {
 protected:
  http_test();
  void start();
  client connect() { return client(server->port(), over); }

  transport over = transport::tcp;
  http_options options;
  scripted_endpoint endpoint;
  std::unique_ptr<http_server> server;
};

/// Every test of it runs over both.
class over_both : public http_test, public ::testing::WithParamInterface<transport> {
 protected:
  over_both();
};

inline const auto tcp_and_tls = ::testing::Values(transport::tcp, transport::tls);
std::string name_of_transport(const ::testing::TestParamInfo<transport>& info);

/// Made once; the files are there until the process ends.
const longhaul::test::certificate& own_certificate();

}  // namespace longhaul::transport::test
