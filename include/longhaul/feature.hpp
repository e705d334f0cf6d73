// SPDX-License-Identifier: Apache-2.0
// What tools, prompts and resources have in common: how hosts show them, who may see them, and how
// long what was read stays fresh. MCP 2026-07-28 "Icons", "Annotations", "Caching".
//
// Threads: plain values.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/raw_json.hpp"

namespace longhaul {

/// A picture for user interfaces. Revisions before 2025-11-25 have none.
struct icon {
  std::string source = {};              ///< an `https:` or a `data:` URI
  std::string mime_type = {};           ///< where the source does not say it; may be empty
  std::vector<std::string> sizes = {};  ///< as `48x48`, or `any`; empty: any
  std::string theme = {};               ///< `light`, `dark`, or empty: both
};

/// Hints for hosts about a resource, or an item of content.
struct content_annotations {
  std::vector<std::string> audience = {};  ///< of `user` and `assistant`; empty: not said
  std::optional<double> priority = {};     ///< 0 (optional) to 1 (required)
  std::string last_modified = {};          ///< ISO 8601; empty: not said

  bool any() const noexcept { return !audience.empty() || priority || !last_modified.empty(); }
  /// As `annotations` is written. Throws `std::invalid_argument` for a priority beyond 0 to 1 and
  /// for another audience.
  raw_json json() const;
};

/// How long a client may keep what it read (`ttlMs`, `cacheScope`), where the revision says so.
struct caching {
  std::chrono::milliseconds fresh{0};  ///< 0: it may be something else at once
  bool for_everybody = false;          ///< the same for every caller
};

/// Who may see a feature, by owner (`local`, `anonymous`, `key:<name>`, …): for everybody else it
/// does not exist. Any thread; must not block. Empty: everybody.
using visibility = std::function<bool(std::string_view owner)>;

}  // namespace longhaul
