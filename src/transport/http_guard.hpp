// SPDX-License-Identifier: Apache-2.0
// Who may talk to this server from where: the Host and Origin checks against DNS rebinding.
// 2025-11-25 and 2026-07-28 "Security Warning" / "Security & Endpoint" of Streamable HTTP.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace longhaul::transport {

/// How a server is reached.
struct reach {
  bool loopback = false;   ///< from this machine alone, so only names of it may be in Host
  bool tls = false;        ///< its own pages would be at `https://`
  bool own_pages = false;  ///< no page of another server may use it, not even of this machine
};

class http_guard {
 public:
  /// `hosts`: more names that are allowed (without port). `origins`: more origins that are allowed,
  /// as `https://app.example`; `*`: all.
  http_guard(reach reached, std::vector<std::string> hosts, std::vector<std::string> origins);

  /// Empty: allowed. Else what is wrong and what to do. Absent headers have null data.
  std::string refusal(std::string_view host, std::string_view origin) const;

 private:
  bool host_allowed(std::string_view name) const;
  bool is_own_origin(std::string_view origin, std::string_view host) const;

  const reach reached_;
  const std::vector<std::string> hosts_, origins_;
  const bool any_origin_;
};

/// `name[:port]` or `[v6][:port]` without its port; lower case. Empty if it is not of this form.
std::string host_name(std::string_view host);

}  // namespace longhaul::transport
