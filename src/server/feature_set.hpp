// SPDX-License-Identifier: Apache-2.0
// The features of one kind that a server offers, in the order in which they were added. It may
// change while the server runs.
//
//   add, remove, touch ──► version + 1 ──► listeners (each one's `on_list_changed`)
//
// Entries are immutable and shared: whoever found one keeps it, although it was removed meanwhile.
// A place in the list is the number that its entry got when it was added, so pages do not shift
// when entries before them go.
//
// Threads: any. Listeners are called without a lock held, on the thread that made the change.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/mutex.hpp"

namespace longhaul::serving {

/// The lists of which callers hear that they changed.
enum class list_kind : std::uint8_t { tools, prompts, resources };
inline constexpr std::size_t list_kinds = 3;

/// Hears that a list is not what it was. Must not block; may be called on any thread.
class list_listener {
 public:
  virtual ~list_listener() = default;
  virtual void on_list_changed(list_kind kind) = 0;
};

/// `Feature` has `name()`, which never changes.
template <class Feature>
class feature_set {
 public:
  using pointer = std::shared_ptr<const Feature>;

  explicit feature_set(list_kind kind) : kind_(kind) {}

  list_kind kind() const noexcept { return kind_; }

  /// False: there is one of this name already.
  bool add(const pointer& feature) {
    {
      const guard lock(mutex_);
      if (by_name_.contains(feature->name())) return false;
      const auto at = in_order_.emplace_hint(in_order_.end(), next_place_, feature);
      try {
        by_name_.emplace(feature->name(), found{next_place_, feature});
      } catch (...) {
        in_order_.erase(at);
        throw;
      }
      ++next_place_;
    }
    touch();
    return true;
  }

  /// Puts another one of the same name into the same place. False: there is none of this name.
  bool replace(const pointer& feature) {
    pointer replaced;  // gone without the lock
    {
      const guard lock(mutex_);
      const auto at = by_name_.find(feature->name());
      if (at == by_name_.end()) return false;
      auto node = by_name_.extract(at);
      node.key() = feature->name();  // it was the name of the old one
      node.mapped().feature = feature;
      replaced = std::exchange(in_order_.at(node.mapped().place), feature);
      by_name_.insert(std::move(node));
    }
    touch();
    return true;
  }

  /// False: there is none of this name.
  bool remove(std::string_view name) {
    pointer removed;  // it owns the name that is the key
    {
      const guard lock(mutex_);
      const auto at = by_name_.find(name);
      if (at == by_name_.end()) return false;
      removed = at->second.feature;
      in_order_.erase(at->second.place);
      by_name_.erase(at);
    }
    touch();
    return true;
  }

  /// Something about the list is not what it was: who may see what, say.
  void touch() {
    version_.fetch_add(1, std::memory_order_acq_rel);
    for (const auto& listener : listeners()) listener->on_list_changed(kind_);
  }

  /// Null: there is none.
  pointer find(std::string_view name) const {
    const guard lock(mutex_);
    const auto at = by_name_.find(name);
    return at == by_name_.end() ? nullptr : at->second.feature;
  }

  std::vector<pointer> all() const {
    std::vector<pointer> result;
    const guard lock(mutex_);
    result.reserve(in_order_.size());
    for (const auto& [place, feature] : in_order_) result.push_back(feature);
    return result;
  }

  /// The entries from `from` on that `shown` lets through, at most `limit`; and the place of the
  /// next one, if there are more.
  template <class Shown>
  std::pair<std::vector<pointer>, std::optional<std::uint64_t>> page(std::uint64_t from,
                                                                     std::size_t limit,
                                                                     Shown shown) const {
    std::pair<std::vector<pointer>, std::optional<std::uint64_t>> result;
    std::vector<std::pair<std::uint64_t, pointer>> behind;
    {
      const guard lock(mutex_);
      behind.assign(in_order_.lower_bound(from), in_order_.end());
    }
    for (auto& [place, feature] : behind) {  // without the lock: `shown` is the user's
      if (!shown(*feature)) continue;
      if (result.first.size() == limit) {
        result.second = place;
        break;
      }
      result.first.push_back(std::move(feature));
    }
    return result;
  }

  /// How many entries before `place` `shown` lets through; null: not the one there, or there is
  /// none.
  template <class Shown>
  std::optional<std::size_t> shown_before(std::uint64_t place, Shown shown) const {
    std::vector<pointer> before;
    {
      const guard lock(mutex_);
      if (!in_order_.contains(place)) return std::nullopt;
      const auto stop = in_order_.upper_bound(place);
      for (auto at = in_order_.begin(); at != stop; ++at) before.push_back(at->second);
    }
    if (!shown(*before.back())) return std::nullopt;
    const auto count =
        std::ranges::count_if(before, [&](const pointer& one) { return shown(*one); });
    return static_cast<std::size_t>(count) - 1;
  }

  bool empty() const {
    const guard lock(mutex_);
    return in_order_.empty();
  }
  /// A number that grows with every change.
  std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }
  /// One more than the last place that was given.
  std::uint64_t end() const {
    const guard lock(mutex_);
    return next_place_;
  }

  /// Until it is gone.
  void listen(const std::weak_ptr<list_listener>& listener) {
    const guard lock(listeners_mutex_);
    // Those that are gone go when the vector would grow, so each costs a constant share.
    if (listeners_.size() == listeners_.capacity()) {
      std::erase_if(listeners_, [](const auto& weak) { return weak.expired(); });
      listeners_.reserve(listeners_.size() * 2 + 16);
    }
    listeners_.push_back(listener);
  }

 private:
  std::vector<std::shared_ptr<list_listener>> listeners() {
    std::vector<std::shared_ptr<list_listener>> result;
    const guard lock(listeners_mutex_);
    for (const auto& weak : listeners_) {
      if (auto listener = weak.lock()) result.push_back(std::move(listener));
    }
    return result;
  }

  struct found {
    std::uint64_t place = 0;
    pointer feature;
  };

  const list_kind kind_;
  mutable guarded_mutex mutex_;
  std::map<std::uint64_t, pointer> in_order_ LONGHAUL_GUARDED_BY(mutex_);
  /// The keys are the features' own names.
  std::unordered_map<std::string_view, found> by_name_ LONGHAUL_GUARDED_BY(mutex_);
  std::uint64_t next_place_ LONGHAUL_GUARDED_BY(mutex_) = 0;
  std::atomic<std::uint64_t> version_{1};
  guarded_mutex listeners_mutex_;
  std::vector<std::weak_ptr<list_listener>> listeners_ LONGHAUL_GUARDED_BY(listeners_mutex_);
};

}  // namespace longhaul::serving
