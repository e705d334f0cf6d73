// SPDX-License-Identifier: Apache-2.0
// One collector: what is sent to it, and what its replies mean (OTLP/HTTP).
//
//   200            taken in, but for the spans that it says it rejects
//   429 502 503 504, a lost connection, nobody there, no reply in time      the same again, later
//   any other status, something that is no HTTP                             never again
//
// Threads: that of the io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "client/http_client.hpp"
#include "telemetry/trace_settings.hpp"

namespace longhaul::telemetry {

struct collector_reply {
  enum class kind : std::uint8_t { accepted, refused, try_again };

  collector_reply() = default;  // no aggregate: coroutines return it
  collector_reply(kind what_it_means, std::string in_words)
      : meaning(what_it_means), words(std::move(in_words)) {}

  kind meaning = kind::accepted;
  std::string words;                               ///< what is wrong, for people; empty: nothing
  std::uint64_t rejected = 0;                      ///< spans of a request that was accepted
  std::optional<std::chrono::milliseconds> pause;  ///< that it asks for
};

/// `retry_after`: the header. `body`: as much of it as was read.
collector_reply meaning_of(int status, std::string_view retry_after, const std::string& body);

class collector {
 public:
  /// Throws `std::invalid_argument` if the endpoint or the file of authorities cannot be read.
  collector(boost::asio::io_context& context, const trace_settings& settings);

  /// Sends one request and reads its reply, within the timeout. Throws `std::bad_alloc` only.
  remote::awaitable<collector_reply> post(std::string body);
  /// `http://127.0.0.1:4318`
  const std::string& name() const noexcept { return name_; }

 private:
  remote::awaitable<std::string> read_body(remote::http_exchange& exchange);

  boost::asio::io_context& context_;
  const remote::header_list headers_;
  const std::chrono::milliseconds timeout_;
  const std::string target_, name_;
  remote::http_client client_;
};

}  // namespace longhaul::telemetry
