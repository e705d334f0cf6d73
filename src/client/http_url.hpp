// SPDX-License-Identifier: Apache-2.0
// The address of an MCP endpoint: `http://HOST[:PORT]/PATH`, or https (RFC 3986, RFC 9110).
//
// Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace longhaul::remote {

struct http_url {
  bool secure = false;
  std::string host;    ///< without the brackets of an IPv6 address
  std::string port;    ///< digits
  std::string target;  ///< path and query: `/mcp`

  /// As the header Host has it.
  std::string authority() const;
  /// `http://127.0.0.1:8080`
  std::string origin() const;
  friend bool operator==(const http_url&, const http_url&) = default;
};

/// Throws `std::invalid_argument` that says what is wrong. A fragment is dropped; a user or a
/// password is refused: those of a URL are easily shown to others.
http_url parse_url(std::string_view text);

/// For people: without a user and a password.
std::string shown_url(std::string_view text);

/// What a `Location` means for whoever asked `from`. Throws as `parse_url`.
http_url resolve(const http_url& from, std::string_view location);

}  // namespace longhaul::remote
