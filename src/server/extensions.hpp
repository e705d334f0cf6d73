// SPDX-License-Identifier: Apache-2.0
// The extensions of a server: what they are called, the methods they add, and who hears their
// notifications. The tasks extension is built in, and is one more of them on the wire.
//
// Threads: `add` before the server runs; everything else on any. Listeners are called without a
// lock held.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/extension.hpp"
#include "server/features.hpp"
#include "server/listener_map.hpp"

namespace longhaul::serving {

/// A notification on its way to those who want it.
struct extension_notice {
  std::string method;
  raw_json params;  ///< an object
};
using notice_ptr = std::shared_ptr<const extension_notice>;

/// Must not block; may be called on any thread.
class notice_listener {
 public:
  virtual ~notice_listener() = default;
  virtual void on_notice(const notice_ptr& notice) = 0;
};

struct method_entry {
  std::string extension;  ///< its id
  entry_ptr run;
};

class extensions {
 public:
  /// Throws `std::invalid_argument` for what does not fit, or is there already.
  void add(const extension& added);

  const std::vector<extension>& all() const noexcept { return all_; }
  /// Null: there is none.
  const method_entry* find_method(std::string_view name) const noexcept;

  /// A client says something. False: nobody hears it.
  bool hear(const std::string& owner, std::string_view method, const raw_json& params) const;

  /// `subject`: only those about it; empty: all. Until the listener is gone.
  void listen(std::string_view method, std::string_view subject, std::string_view owner,
              const std::shared_ptr<notice_listener>& listener);
  /// Throws `std::invalid_argument` if no extension sends it, or `params` is no object.
  void notify(std::string_view method, const raw_json& params, const notification_target& to);

 private:
  bool sends(std::string_view method) const noexcept;

  std::vector<extension> all_;
  std::map<std::string, method_entry, std::less<>> methods_;
  listener_map<notice_listener> listeners_;
};

}  // namespace longhaul::serving
