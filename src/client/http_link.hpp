// SPDX-License-Identifier: Apache-2.0
// Streamable HTTP, the client's side, in both eras: each message is a POST, its reply a JSON text
// or a stream of events. In a session (before 2026-07-28) there are streams with ids, which are
// taken up again where they were cut, and one more, by GET, for what belongs to no request.
//
// MCP 2026-07-28 and 2025-11-25, "Streamable HTTP".
// Threads: that of the io_context.
#pragma once

#include <memory>
#include <string>

#include "client/back_off.hpp"
#include "client/link.hpp"
#include "client/sse_reader.hpp"
#include "longhaul/client.hpp"

namespace longhaul::remote {

class http_link final : public link, public std::enable_shared_from_this<http_link> {
 public:
  /// Throws `std::invalid_argument` for a URL that is none.
  http_link(boost::asio::io_context& context, const std::string& url, const client_options& options,
            listener hear);
  ~http_link() override;

  awaitable<raw_json> request(outgoing message, interruption& ended) override;
  awaitable<void> send(outgoing message) override;
  void begin_session(header_list headers) override;
  void end_session() override;
  bool http() const noexcept override { return true; }
  bool has_session() const noexcept override { return !session_.empty(); }
  bool leaves_by_message() const noexcept override { return !session_.empty(); }
  awaitable<void> close() override;
  std::string name() const override { return url_text_; }

 private:
  // A reply that comes as events, and where its stream was when it was cut.
  struct reading {
    std::optional<raw_json> answer = std::nullopt;
    std::string last_id = {};
    std::optional<std::chrono::milliseconds> retry = std::nullopt;
  };
  http_request made_of(const std::string& method, const outgoing& message) const;
  std::string authorization() const;
  void move_to(const http_head& head, int redirects);
  awaitable<std::shared_ptr<http_exchange>> ask(std::string method, const outgoing& message,
                                                interruption& ended);
  awaitable<std::string> whole_body(http_exchange& reply) const;
  awaitable<std::string> some_body(http_exchange& reply) const;
  [[noreturn]] void refuse(const http_head& head, const std::string& body,
                           const outgoing& message) const;
  awaitable<raw_json> read_reply(std::shared_ptr<http_exchange> reply, const outgoing& message,
                                 bool in_session, interruption& ended);
  awaitable<raw_json> read_json(http_exchange& reply, const outgoing& message, bool in_session);
  awaitable<void> read_events(http_exchange& reply, const outgoing& message, reading& into);
  awaitable<std::shared_ptr<http_exchange>> resume(const outgoing& message, const reading& from,
                                                   back_off& pause, interruption& ended);
  awaitable<void> listen();
  awaitable<bool> listen_once(reading& into);
  void take(const sse_event& event, const outgoing& message, reading& into);

  boost::asio::io_context& context_;
  const std::string url_text_;
  http_url url_;
  const client_options options_;
  const listener hear_;
  http_client connections_;
  std::string session_;
  header_list session_headers_;  // of each message of it
  std::uint64_t session_number_ = 0;
  interruption listening_;
  bool refused_ = false;  // by the key, the last time
  bool closed_ = false;
};

}  // namespace longhaul::remote
