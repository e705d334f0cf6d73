// SPDX-License-Identifier: Apache-2.0
// What a client with a session has to hear without having asked just now: that a list changed, that
// a resource it subscribed to holds something else. It is told once, on whatever stream there is:
// at once if there is one for such messages, else with its next request.
//
// Threads: any. Nothing is called with a lock held.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>

#include "base/mutex.hpp"
#include "server/catalog.hpp"
#include "server/feature_set.hpp"
#include "server/resource_source.hpp"
#include "server/resource_watch.hpp"
#include "wire/known_list.hpp"

namespace longhaul::wire {

class client_news final : public serving::list_listener,
                          public serving::update_listener,
                          public serving::notice_listener,
                          public std::enable_shared_from_this<client_news> {
 public:
  /// Sends one message. False: it was not taken, and is sent another time.
  using sender = std::function<bool(std::string message)>;

  /// `features` must outlive it. `tell_at_once`: how messages reach it without a request; empty:
  /// not at all.
  /// `extensions`: ids of those whose notifications it hears.
  static std::shared_ptr<client_news> begin(serving::catalog& features, std::string owner,
                                            sender tell_at_once = {},
                                            std::span<const std::string> extensions = {});
  client_news(serving::catalog& features, std::string owner, sender tell_at_once);

  /// `notifications/initialized` came: nothing is told before.
  void open();
  /// It knows this list as it is now.
  void read(serving::list_kind kind) { known_.of_kind(kind).read(features_, owner_); }
  /// `hold`: of whoever tells that the resource changed, or null. False: it has as many
  /// subscriptions as it may have.
  bool subscribe(const std::string& uri, serving::resource_hold_ptr hold);
  void unsubscribe(const std::string& uri);

  /// Sends what is to be told.
  void tell(const sender& send);

  void on_list_changed(serving::list_kind kind) override;
  void on_resource_updated(const std::string& uri) override;
  /// Told at once, or not at all.
  void on_notice(const serving::notice_ptr& notice) override;

 private:
  void tell_now();

  serving::catalog& features_;
  const std::string owner_;
  const sender tell_at_once_;
  known_lists known_;
  guarded_mutex mutex_;
  bool open_ LONGHAUL_GUARDED_BY(mutex_) = false;
  std::map<std::string, serving::resource_hold_ptr, std::less<>> subscribed_
      LONGHAUL_GUARDED_BY(mutex_);
  std::size_t subscribed_bytes_ LONGHAUL_GUARDED_BY(mutex_) = 0;
  std::set<std::string, std::less<>> updated_ LONGHAUL_GUARDED_BY(mutex_);  // and not told yet
};

}  // namespace longhaul::wire
