// SPDX-License-Identifier: Apache-2.0
// What a request's target names. Pure functions.
#pragma once

#include <string_view>

namespace longhaul::transport {

struct http_target {
  std::string_view path;       ///< without query, and without a slash at its end; at least "/"
  std::string_view authority;  ///< of an absolute form (`http://host/path`); else null data
  bool valid = true;
};

/// RFC 9112 §3.2: origin form and absolute form; others are their own path. Views of `text`.
http_target read_target(std::string_view text);

}  // namespace longhaul::transport
