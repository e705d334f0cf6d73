// SPDX-License-Identifier: Apache-2.0
// Claims: which of the waiting tasks may begin, and that they do.
//
//   groups (quota, tool, key) that have ready tasks, found by their first entries in the index
//     ──► those that have room, one quota after the other from where the last claim ended
//     ──► their oldest tasks, locked unless somebody else has them (SKIP LOCKED)
//     ──► one of each quota in turn ──► written
//
// What is looked at in vain is a group, never what waits behind it.
//
// Threads: the database thread; one claim at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "postgres/database.hpp"
#include "postgres/line_locks.hpp"

namespace longhaul::postgres {

class claims {
 public:
  explicit claims(database& home) : home_(home) {}

  /// Throws `database_error`; then nothing was claimed, or it is unknown.
  awaitable<std::vector<task_ptr>> claim(connection& link, const stores::claim_request& request);

 private:
  struct group {
    std::string quota, tool, line;
    auto operator<=>(const group&) const = default;
  };
  // What of one group may be taken, oldest first.
  struct candidates {
    const group* from;
    std::vector<std::string> ids = {};
    std::size_t next = 0;
    bool cut = false;  // there are more behind these
  };
  struct choice {
    std::string id;
    std::optional<std::int64_t> place;  // for its key
  };
  struct round;

  /// False: the process is dead.
  awaitable<bool> prepare(connection& link, round& now);
  awaitable<std::vector<group>> groups_behind(connection& link, group last);
  awaitable<bool> go_round(connection& link, round& now);
  awaitable<void> serve(connection& link, round& now, std::vector<group> page);
  awaitable<void> find_candidates(connection& link, round& now, const std::vector<group>& page);
  void choose(round& now);
  bool take_oldest(round& now, std::vector<candidates*>& quota);
  awaitable<void> begin_chosen(connection& link, round& now);

  database& home_;
  std::string served_;  // the quota that had its turn last
};

}  // namespace longhaul::postgres
