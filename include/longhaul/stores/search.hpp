// SPDX-License-Identifier: Apache-2.0
// What operators look for in a store, of all owners: the filter, the page, and the rules of both,
// which are the same for every store. Pure functions; values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/task.hpp"

namespace longhaul::stores {

/// Where a task stands, as people ask for it: a status, with the working ones told apart, and the
/// completed ones.
enum class phase : std::uint8_t {
  waiting,  ///< working, and nobody runs it: `queued` in transitions.hpp
  running,  ///< working otherwise; an external one, too
  input_required,
  completed,  ///< and its tool says nothing of an error
  error,      ///< completed otherwise: the tool says that it failed (`isError`)
  failed,
  cancelled
};
inline constexpr std::size_t phase_count = 7;

phase phase_of(const task_record& task) noexcept;
/// "waiting", "running", "input_required", "completed", "error", "failed", "cancelled".
std::string_view to_string(phase where) noexcept;
std::optional<phase> parse_phase(std::string_view name) noexcept;

class phase_set {
 public:
  constexpr phase_set() noexcept = default;
  constexpr phase_set(std::initializer_list<phase> all) noexcept {
    for (const phase one : all) add(one);
  }
  constexpr void add(phase one) noexcept { bits_ |= bit(one); }
  constexpr bool has(phase one) const noexcept { return (bits_ & bit(one)) != 0; }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  /// Nothing in it that is not in `other`.
  constexpr bool within(phase_set other) const noexcept { return (bits_ & ~other.bits_) == 0; }
  friend constexpr bool operator==(phase_set, phase_set) noexcept = default;

 private:
  static constexpr unsigned bit(phase one) noexcept { return 1U << static_cast<unsigned>(one); }
  unsigned bits_ = 0;
};
inline constexpr phase_set open_phases = {phase::waiting, phase::running, phase::input_required};

/// Which tasks are looked for. By itself: all.
struct task_filter {
  phase_set phases = {};                          ///< none: all
  std::string tool = {};                          ///< exactly this one; empty: any
  std::string owner = {};                         ///< the same
  std::optional<timestamp> since = std::nullopt;  ///< created then, or later
  std::optional<timestamp> until = std::nullopt;  ///< created then, or earlier
  /// Stands in the id, message, idempotency or concurrency key, owner, tool, or in the first
  /// `rules::searched_arguments` bytes of the arguments; letters A–Z count as a–z. Empty: anything.
  std::string text = {};
  std::string id_prefix = {};  ///< its id begins so; empty: with anything
  friend bool operator==(const task_filter&, const task_filter&) = default;
};

/// One of them, newest first.
struct found_page {
  std::vector<task_ptr> tasks;                            ///< they may be `abridged`
  std::optional<std::string> next_cursor = std::nullopt;  ///< null: there are no more
  bool complete = true;  ///< false: it ends where enough had been looked at; `next_cursor` goes on
  std::size_t looked = 0;  ///< how many tasks that was, about
};

/// What counts against one quota: the owner, or the address of anonymous callers.
struct owner_use {
  std::string owner;
  std::size_t open = 0, stored = 0;  ///< tasks; those that are open are among the stored ones
  std::size_t open_bytes = 0, stored_bytes = 0;
  friend bool operator==(const owner_use&, const owner_use&) = default;
};
/// Leaves the first `most` of them: those with the most open tasks, then the most stored ones, then
/// by name.
void keep_largest(std::vector<owner_use>& all, std::size_t most);

namespace rules {

/// Tasks that a page of a search is looked for in, at most, before it ends; …
inline constexpr std::size_t searched_tasks = 5'000;
/// … bytes of arguments of one that are looked at.
inline constexpr std::size_t searched_arguments = 64 << 10;
/// The ids of all that a page may have are below this one. `before`: as in `page_of`.
std::string ids_below(const task_filter& filter, std::string_view before);

}  // namespace rules

/// What a filter says, ready to be held against many tasks.
class task_matcher {
 public:
  explicit task_matcher(const task_filter& filter);

  /// What is cheap to know: all but the text. Hidden tasks are found while they are open, and not
  /// where an owner is asked for.
  bool may_match(const task_record& task) const noexcept;
  /// The text. Requires: `may_match`; the task is not abridged, or its arguments do not matter.
  bool has_text(const task_record& task) const;
  /// … one part of it.
  bool is_in(std::string_view part) const;
  bool wants_text() const noexcept { return !text_.empty(); }

 private:
  const task_filter filter_;
  const std::string text_;  // in lower case
};

/// A page out of `tasks`, which are in no order: for stores that have what they look through in
/// memory. `before`: an id; only older ones. Takes its time: no lock should be held.
found_page page_of(std::vector<task_ptr> tasks, const task_filter& filter, std::string_view before,
                   std::size_t limit);

/// Of `tasks` the one that `store_operations::oldest_waiting` wants; null: none waits.
task_ptr oldest_waiting_of(const std::vector<task_ptr>& tasks, monotonic_time now) noexcept;

}  // namespace longhaul::stores
