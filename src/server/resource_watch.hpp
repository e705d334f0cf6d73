// SPDX-License-Identifier: Apache-2.0
// Who wants to hear that a resource changed. Server features "Resources", "Subscriptions".
//
// Threads: any. Listeners are called without a lock held, on the thread that says so.
#pragma once

#include <memory>
#include <string>

#include "server/listener_map.hpp"

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
  void watch(const std::string& uri, const std::shared_ptr<update_listener>& listener) {
    listeners_.add(uri, listener);
  }
  void forget(const std::string& uri, const update_listener* listener) {
    listeners_.forget(uri, listener);
  }
  /// Tells everybody who watches this very address.
  void updated(const std::string& uri) {
    for (const auto& listener : listeners_.listening_to(uri)) listener->on_resource_updated(uri);
  }
  /// Addresses that somebody watches.
  std::size_t size() const { return listeners_.size(); }

 private:
  listener_map<update_listener> listeners_;
};

}  // namespace longhaul::serving
