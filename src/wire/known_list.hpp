// SPDX-License-Identifier: Apache-2.0
// What a client knows of one list of features: whether it has to be told that its list is old. It
// is told of what it may see itself: features of others come and go without a word.
//
//   knows it ──a change of what it may see──► is told, once ──reads the list──► knows it
//
// Threads: any. `visible_to` of features is called without a lock held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/mutex.hpp"
#include "server/catalog.hpp"

namespace longhaul::wire {

class known_list {
 public:
  explicit known_list(serving::list_kind kind) : kind_(kind) {}

  serving::list_kind kind() const noexcept { return kind_; }
  /// It knows the list as it is now.
  void read(const serving::catalog& features, std::string_view owner);
  /// True: it has to be told now.
  bool must_hear(const serving::catalog& features, std::string_view owner);
  /// It did not take that message: it has to hear of it another time.
  void did_not_hear();

 private:
  const serving::list_kind kind_;
  guarded_mutex mutex_;
  std::uint64_t version_ LONGHAUL_GUARDED_BY(mutex_) = 0;  // the newest that was looked at
  std::size_t seen_ LONGHAUL_GUARDED_BY(mutex_) = 0;       // what it may see, as it knows it
  bool told_ LONGHAUL_GUARDED_BY(mutex_) = false;
};

/// What a client knows of all lists.
struct known_lists {
  known_list tools{serving::list_kind::tools};
  known_list prompts{serving::list_kind::prompts};
  known_list resources{serving::list_kind::resources};

  known_list& of_kind(serving::list_kind kind) noexcept {
    if (kind == serving::list_kind::tools) return tools;
    return kind == serving::list_kind::prompts ? prompts : resources;
  }
  void read_all(const serving::catalog& features, std::string_view owner) {
    for (known_list* const list : {&tools, &prompts, &resources}) list->read(features, owner);
  }
};

}  // namespace longhaul::wire
