// SPDX-License-Identifier: Apache-2.0
// One attempt of the writer to carry out a batch: what is not known is read, every operation
// decided, and all of it written in one transaction. Operations that others were faster than stay
// undone, and read again at the next attempt.
//
// Threads: the database thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/sleeper.hpp"
#include "longhaul/stores/transitions.hpp"
#include "postgres/database.hpp"
#include "postgres/line_locks.hpp"

namespace longhaul::postgres {

/// Whether the bounds in bytes may refuse what a change adds.
enum class growth : std::uint8_t { free, bounded };

using transition = std::function<stores::step(const task_record&, stores::instant)>;

/// A creation (`task`) or a change of one task, for a coroutine that waits.
struct operation {
  const stores::new_task* task = nullptr;
  std::string_view id = {};
  std::optional<std::string_view> owner = std::nullopt;
  transition next = {};
  growth allowed = growth::free;
  /// Its handler is over: the place of this run (its epoch) is free, whatever becomes of the task.
  std::optional<std::uint64_t> leaves = std::nullopt;
  std::size_t bytes = 0;  ///< of what it brings, roughly

  stores::create_result created = {};
  stores::change_result changed = {};
  std::exception_ptr error = nullptr;
  bool done = false;
  bool look = false;      ///< what there is must be read, whatever is known
  bool looked = false;    ///< of a creation: in this attempt, and there was none
  bool late = false;      ///< of a creation: the lease of its process is over, so it waits
  bool in_doubt = false;  ///< an attempt before may have done it
  int races = 0;          ///< lost
  sleeper caller = {};
};
using batch = std::vector<operation*>;

class write_attempt {
 public:
  write_attempt(database& home, connection& link, const batch& work);
  ~write_attempt();
  write_attempt(const write_attempt&) = delete;
  write_attempt& operator=(const write_attempt&) = delete;

  /// Throws `database_error`.
  awaitable<void> run();

 private:
  // The changes of one task, on top of one another.
  struct chain {
    task_row before = {};
    task_row now = {};
    std::vector<task_ptr> states = {};  // that its changes make
    batch operations = {};
    bool from_memory = false;
    bool doubtful = false;  // what memory says was refused: that is looked at first
  };
  struct creation {
    operation* asked;
    task_row row;
    std::optional<std::int64_t> place = std::nullopt;  // for its key
  };

  void collect();
  awaitable<void> read();
  awaitable<void> look_up(operation& asked);
  /// False: what it holds is free again.
  bool found(operation& asked, const task_row& there, bool by_hash);
  void decide(chain& one);
  void decide(chain& one, operation& asked);
  void decide_creation(operation& asked, std::optional<line_locks>& lines);
  bool needs_line(const operation& asked) const;
  awaitable<std::optional<line_locks>> lock_lines();
  void take(const std::string& quota, const numbers& change);
  awaitable<void> write(bool in_transaction);
  void note_ends();
  void settle(const std::set<std::string, std::less<>>& written);

  database& home_;
  connection& link_;
  const batch& work_;
  const stores::instant now_;
  const stores::paused_tools paused_;
  std::map<std::string_view, chain> chains_;
  std::vector<creation> creations_;
  // Counted before it is written; what is not written is given back.
  std::vector<std::pair<std::string, numbers>> taken_;
};

}  // namespace longhaul::postgres
