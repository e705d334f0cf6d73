// SPDX-License-Identifier: Apache-2.0
// Who may talk to this server from where: the Host and Origin checks against DNS rebinding.
// 2025-11-25 and 2026-07-28 "Security Warning" / "Security & Endpoint" of Streamable HTTP.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace longhaul::transport {

class http_guard {
 public:
  /// `loopback`: the server listens on a loopback address, so only names of this machine may be in
  /// Host. `hosts`: more names that are allowed (without port). `origins`: more origins that are
  /// allowed, as `https://app.example`; `*`: all.
  http_guard(bool loopback, std::vector<std::string> hosts, std::vector<std::string> origins);

  /// Empty: allowed. Else what is wrong and what to do. Absent headers have null data.
  std::string refusal(std::string_view host, std::string_view origin) const;

 private:
  bool host_allowed(std::string_view name) const;

  const bool loopback_;
  const std::vector<std::string> hosts_, origins_;
  const bool any_origin_;
};

/// `name[:port]` or `[v6][:port]` without its port; lower case. Empty if it is not of this form.
std::string host_name(std::string_view host);

}  // namespace longhaul::transport
