// SPDX-License-Identifier: Apache-2.0
// Which revision of the protocol a message speaks. The only place that knows all of them: the table
// of versions, and the decision between the two eras. Decided by what the message carries, never by
// its method, so that one endpoint and one pipe serve every revision at once.
//
// MCP 2026-07-28 "Versioning and Compatibility", "Streamable HTTP: Protocol Version Header".
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "json/view.hpp"

namespace longhaul::protocol {

enum class revision : std::uint8_t { v2025_03_26, v2025_06_18, v2025_11_25, v2026_07_28 };

inline constexpr std::string_view modern_version = "2026-07-28";
inline constexpr revision newest_legacy = revision::v2025_11_25;

std::string_view to_string(revision version) noexcept;
std::optional<revision> served_revision(std::string_view version) noexcept;
/// A revision that begins with `initialize`, if it is served.
std::optional<revision> served_legacy(std::string_view version) noexcept;
/// What `initialize` answers to the version that was asked for.
revision negotiate(std::string_view requested) noexcept;
/// JSON array of every version served, the modern one first.
std::string_view supported_versions_json() noexcept;

/// Keys of `_meta` that every modern request carries.
inline constexpr std::string_view version_key = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view capabilities_key = "io.modelcontextprotocol/clientCapabilities";

/// What a caller sends along so that the same call twice is one piece of work. Servers that know it
/// say so under the same name, with their time (`now`, in ms since 1970) and who keeps the keys
/// (`keptBy`, a text). When a call is repeated, it says beside it when it was sent for the first
/// time, by that clock (`at`), and who kept the keys then.
inline constexpr std::string_view idempotency_key = "longhaul.dev/idempotency-key";
inline constexpr std::string_view first_sent_key = "longhaul.dev/first-sent";

/// What `_meta` of a request says, read in one walk.
struct request_meta {
  json::value all;              ///< the `_meta` object, or absent
  json::value version;          ///< a string, or absent
  json::value capabilities;     ///< an object, or absent
  json::value progress_token;   ///< a string or an integer, or absent
  json::value log_level;        ///< a string, or absent
  json::value idempotency_key;  ///< of any type, or absent
  json::value first_sent;       ///< of any type, or absent
};
/// `params` is an object or absent. A member of a type that it cannot have counts as absent.
request_meta read_meta(const json::indexed& params);

enum class era : std::uint8_t {
  modern,
  legacy,
  missing_meta,          ///< −32602: a field that every modern request carries is missing
  version_mismatch,      ///< −32020: header and `_meta` differ
  unsupported,           ///< −32022
  unknown_legacy_header  ///< 400: the header names no version that is served
};

/// Decides for a request over HTTP. `header` is MCP-Protocol-Version.
era era_of_http_request(std::optional<std::string_view> header, const request_meta& meta);
/// Decides for a notification or response over HTTP, whose `_meta` may be absent in both eras.
era era_of_http_notification(std::optional<std::string_view> header, const request_meta& meta);
/// Decides for a message on a pipe, where `_meta` alone speaks.
era era_of_pipe_message(const request_meta& meta);

/// True if the header value belongs to the era without sessions.
bool is_modern_header(std::optional<std::string_view> header) noexcept;

}  // namespace longhaul::protocol
