// SPDX-License-Identifier: Apache-2.0
// Whether the server is ready to serve, for whoever asks: reasons without paths. The log gets them
// as they came, once an episode. Thread-safe.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "base/mutex.hpp"

namespace longhaul::transport {

class ready_check {
 public:
  /// `not_ready`: as in `http_options`; may throw, and may be empty.
  ready_check(std::function<std::string()> not_ready, logger log);

  /// Why the server is not ready; empty: it is.
  std::string cause() const;

 private:
  void tell(const std::string& why) const;

  const std::function<std::string()> not_ready_;
  const logger log_;
  mutable guarded_mutex mutex_;
  mutable std::string told_ LONGHAUL_GUARDED_BY(mutex_);  // to the log
};

/// `text` with each absolute path replaced by "[path]". A path without quotation marks ends where
/// the sentence goes on: it may hold spaces, and too much is taken rather than too little.
std::string without_paths(std::string_view text);

}  // namespace longhaul::transport
