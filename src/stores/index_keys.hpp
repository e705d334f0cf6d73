// SPDX-License-Identifier: Apache-2.0
// What the indexes of this layer are ordered by.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "longhaul/task.hpp"

namespace longhaul::stores {

/// A map whose keys are the callers' words (owners, quotas, tools, keys). Ordered, not hashed: an
/// unkeyed hash can be flooded.
template <class Value>
using by_name = std::map<std::string, Value, std::less<>>;

/// Orders pairs of texts (tool and concurrency key); a look-up needs no memory.
struct pair_order {
  using is_transparent = void;
  template <class A, class B>
  bool operator()(const A& a, const B& b) const noexcept {
    const std::string_view left(a.first), right(b.first);
    if (left != right) return left < right;
    return std::string_view(a.second) < std::string_view(b.second);
  }
};
using two_views = std::pair<std::string_view, std::string_view>;

using origin_ptr = std::shared_ptr<const task_origin>;

/// Oldest first; a task can also be looked up by its id.
struct older {
  using is_transparent = void;
  bool operator()(const origin_ptr& a, const origin_ptr& b) const { return a->id < b->id; }
  bool operator()(const origin_ptr& a, std::string_view b) const { return a->id < b; }
  bool operator()(std::string_view a, const origin_ptr& b) const { return a < b->id; }
};
using oldest_first = std::set<origin_ptr, older>;

}  // namespace longhaul::stores
