// SPDX-License-Identifier: Apache-2.0
// Tells who sends an HTTP request, by its head. A key is looked up at once; an identifier that has
// to ask somebody else takes its time, and the request waits.
//
// Threads: any number at once.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/caller.hpp"

namespace longhaul::auth {

/// What a request says about its sender. Views that are valid until it is answered.
struct credentials {
  std::optional<std::string_view> authorization = {};  ///< the header
  std::string_view peer_address = {};                  ///< IP address without port
  bool forwarded = false;                              ///< it came through a proxy
};

/// Who that is, or why nobody is let in.
struct identification {
  std::shared_ptr<const caller> who = {};  ///< null: refused
  int status = 401;                        ///< 401 or 403, if refused
  std::string www_authenticate = {};       ///< sent with a refusal, if not empty
};

class identifier {
 public:
  virtual ~identifier() = default;
  /// The answer if it is known without waiting; null: `identify` is to be awaited. Never blocks.
  /// May throw: then nobody can be told apart just now, and the request fails.
  virtual std::optional<identification> identify_at_once(const credentials& presented) const = 0;
  /// Bounds its own time. By itself it is what `identify_at_once` says.
  virtual boost::asio::awaitable<identification> identify(credentials presented) const;
};

}  // namespace longhaul::auth
