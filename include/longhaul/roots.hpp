// SPDX-License-Identifier: Apache-2.0
// The folders that the client lets servers work in. MCP 2025-11-25 and 2026-07-28, "Roots".
//
// A list holds what the client named when it was asked: nothing is kept from one question to the
// next, so a change (`notifications/roots/list_changed`) is there when the next call asks.
//
// Threads: plain values.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "longhaul/raw_json.hpp"

namespace longhaul {

struct root {
  std::string uri;        ///< as the client wrote it; `file:` today, others may come
  std::string name = {};  ///< for people; may be empty

  /// The only way from a root to a path: that of a `file:` URI of this machine (no authority, or
  /// `localhost`), percent-decoded and absolute. Null for every other URI, and for one that could
  /// lead elsewhere than it seems: with a query, a fragment, a segment `.` or `..`, an encoded
  /// slash, NUL or another control character.
  std::optional<std::filesystem::path> path() const;
};

/// The question for them.
struct roots_request {
  /// `{"method":"roots/list","params":{}}`.
  raw_json request() const;
};

/// Reads a `ListRootsResult`, as it is stored. Throws `question_error` if it is not one.
std::vector<root> parse_roots(const raw_json& list_roots_result);

}  // namespace longhaul
