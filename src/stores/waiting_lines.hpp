// SPDX-License-Identifier: Apache-2.0
// The tasks of one tool and one quota that wait, a line for each concurrency key. The oldest task
// of a line stands for it; a line whose key is full is closed, so that it is looked at once,
// however many wait in it, and opened again when a task with its key has ended.
//
//   add ──► line ──► open: its oldest is among the candidates ──close──► closed ──open──► …
//
// Threads: none of its own; whoever owns it locks.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "stores/index_keys.hpp"

namespace longhaul::stores {

/// The line that a task without a key waits in, too.
inline std::string_view line_of(const task_origin& task) noexcept {
  return task.concurrency_key ? std::string_view(*task.concurrency_key) : std::string_view();
}

class waiting_lines {
 public:
  void add(origin_ptr task);
  /// False: it is not here.
  bool remove(const task_origin& task);
  /// The oldest task of all open lines; null: none.
  origin_ptr oldest() const { return candidates_.empty() ? nullptr : *candidates_.begin(); }
  void close(std::string_view key);
  void open(std::string_view key);

  bool empty() const noexcept { return lines_.empty(); }
  std::size_t size() const noexcept;
  /// Tasks that are older than this one and wait here, counted up to `most`.
  std::size_t older_than(const task_origin& task, std::size_t most) const;

 private:
  bool is_open(std::string_view key) const { return !closed_.contains(key); }

  by_name<oldest_first> lines_;  // none is empty
  std::set<std::string, std::less<>> closed_;
  oldest_first candidates_;  // the first of each open line
};

}  // namespace longhaul::stores
