// SPDX-License-Identifier: Apache-2.0
// A client's end of one HTTP request, or of a pipe: what the server sends comes out as events, in
// order. Nothing is lost or reordered; beyond a bound the reader counts as slow.
//
// Threads: any.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.hpp"
#include "testing/bell.hpp"
#include "wire/endpoint.hpp"

namespace longhaul::testkit {

/// What came from the server: a message, or the final reply of an HTTP request.
struct event {
  std::string text;
  std::string id = {};  ///< of a server-sent event
  std::optional<std::chrono::milliseconds> retry = std::nullopt;
  std::optional<wire::http_reply> reply = std::nullopt;
};

class stream final : public wire::outlet {
 public:
  /// `context`: where the exchange runs. Both must outlive its use by the server.
  stream(boost::asio::io_context& context, bell& rings) : context_(context), bell_(rings) {}

  // --- the server's side
  bool send(std::string message) override;
  bool send_event(wire::stream_event event, wire::urgency how) override;
  void end_stream() override;
  void expect_wait() override;
  void on_gone(std::function<void()> callback) override;
  void finish(wire::http_reply reply);

  /// Of what it is given, for the tap; 0: of a pipe. Before the server has it.
  void is_of(std::uint64_t exchange) noexcept { exchange_ = exchange; }

  // --- the client's side; none of these waits
  /// From now on events without a message come out as well.
  void show_ids();
  /// Null: there is none now.
  std::optional<event> next();
  void put_back(event first);
  std::size_t unread() const;
  /// The reply has been given, whether it was taken or not.
  bool finished() const;
  /// The server ended the connection, with or without a reply.
  bool closed() const;
  /// The server said that it will take long.
  bool waiting() const;
  /// The client leaves: nothing comes any more. Returns when the server was told.
  void leave();

 private:
  bool put(event one);
  void tell_tap(std::string_view session, std::string_view text) const;

  boost::asio::io_context& context_;
  bell& bell_;
  std::uint64_t exchange_ = 0;
  mutable guarded_mutex mutex_;
  std::deque<event> events_ LONGHAUL_GUARDED_BY(mutex_);
  std::function<void()> gone_callback_ LONGHAUL_GUARDED_BY(mutex_);
  bool gone_ LONGHAUL_GUARDED_BY(mutex_) = false;
  bool ids_ LONGHAUL_GUARDED_BY(mutex_) = false;
  bool closed_ LONGHAUL_GUARDED_BY(mutex_) = false;
  bool finished_ LONGHAUL_GUARDED_BY(mutex_) = false;
  bool waiting_ LONGHAUL_GUARDED_BY(mutex_) = false;
};

}  // namespace longhaul::testkit
