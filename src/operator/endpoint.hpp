// SPDX-License-Identifier: Apache-2.0
// The operators' side of a server as an endpoint of HTTP: which route a request takes, who may, and
// how refusals look. What a route does is in a file of its own (api_call.hpp lists them).
//
// Threads: those of the transport; nothing here blocks.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "operator/api_call.hpp"
#include "wire/endpoint.hpp"

namespace longhaul::operating {

class endpoint final : public wire::http_endpoint {
 public:
  /// `host`: where it listens. Throws as `roles`. What `around` refers to must outlive it.
  endpoint(const surroundings& around, const std::vector<operator_key>& keys,
           const std::string& host)
      : state_(around, keys, host) {}

  /// Who sends requests, for the transport.
  std::shared_ptr<const auth::identifier> identifier() const { return state_.who_may; }

  std::optional<wire::http_reply> admit(const wire::http_request& head) override;
  wire::awaitable<wire::http_reply> handle(const wire::http_request& request, std::string body,
                                           std::shared_ptr<wire::outlet> out) override;
  void shut_down() override { state_.streams.close(); }

 private:
  api_state state_;
};

/// What a browser may do with anything that this endpoint, or a page beside it, sends: header
/// lines.
std::string_view reply_lines() noexcept;
/// The methods that routes take.
inline constexpr std::string_view methods = "GET, HEAD, POST, OPTIONS";

}  // namespace longhaul::operating
