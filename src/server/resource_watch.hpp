// SPDX-License-Identifier: Apache-2.0
// Who wants to hear that a resource changed. Server features "Resources", "Subscriptions".
//
// Threads: any. Listeners are called without a lock held, on the thread that says so.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.hpp"

namespace longhaul::serving {

/// Must not block; may be called on any thread.
class update_listener {
 public:
  virtual ~update_listener() = default;
  virtual void on_resource_updated(const std::string& uri) = 0;
};

class resource_watch {
 public:
  /// Until it is gone, or `forget`. Twice is once.
  void watch(const std::string& uri, const std::shared_ptr<update_listener>& listener);
  void forget(const std::string& uri, const update_listener* listener);
  /// Tells everybody who watches this very address.
  void updated(const std::string& uri);
  /// Addresses that somebody watches.
  std::size_t size() const;

 private:
  using listeners = std::vector<std::weak_ptr<update_listener>>;

  void sweep() LONGHAUL_REQUIRES(mutex_);

  mutable guarded_mutex mutex_;
  std::unordered_map<std::string, listeners> by_uri_ LONGHAUL_GUARDED_BY(mutex_);
  std::size_t swept_size_ LONGHAUL_GUARDED_BY(mutex_) = 0;
};

}  // namespace longhaul::serving
