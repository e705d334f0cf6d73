// SPDX-License-Identifier: Apache-2.0
// What the parts of the store share: its thread, its connections, the names of its tables, what is
// known, and how a change becomes known.
//
//   commit ──► publish: numbers, `followed`, the observer, news for other processes
//
// Threads: `context` is run by one thread of the store's own, the database thread. Members say who
// may touch them; all others are that thread's.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>
#include <vector>

#include "base/mutex.hpp"
#include "longhaul/stores/store.hpp"
#include "postgres/agenda.hpp"
#include "postgres/change_set.hpp"
#include "postgres/connections.hpp"
#include "postgres/ends_in_doubt.hpp"
#include "postgres/followed.hpp"
#include "postgres/schema.hpp"
#include "postgres/store_clock.hpp"
#include "postgres/tallies.hpp"

namespace longhaul::postgres {

struct database_options {
  std::string where;      ///< for libpq
  std::string schema;     ///< of our tables
  bool notify = true;     ///< changes are told with NOTIFY; false: processes look once a second
  bool may_lose = false;  ///< `synchronous_commit = off` is what the operator wants
  const clock_source* clock = &system_clock();
};

struct database {
  explicit database(database_options choices);

  /// The text with the schema's name in it.
  std::string sql(std::string_view text) const { return in_schema(text, options.schema); }

  /// `before` of what was created has no record.
  struct change {
    task_row before;
    task_row after;
  };
  /// What was committed becomes known.
  void publish(const std::vector<change>& changes);
  /// A state that was read for an operation that has nothing to write: it may be what the same
  /// operation has made before, whose end nobody heard of.
  void found(const task_row& row);
  /// A state on which something was built: it may be an end of ours that nobody heard of.
  void tell_unheard_end(const task_ptr& read);
  /// A state that somebody else has made.
  void publish_news(const task_row& row);

  /// Why tasks cannot be kept now; empty: they can.
  struct trouble {
    std::string in_full, in_short;
  };
  /// Any thread.
  trouble current_trouble() const;
  /// Nobody answers; null: somebody does.
  void set_outage(const database_error* why);
  /// Something could not be written for want of room. Null: there is room again.
  void set_no_room(const database_error* why) noexcept;
  /// There was none, and nobody has found none for a while.
  bool may_have_room() const;

  const database_options options;
  const process_id writer;  ///< whose numbers ours are
  stores::byte_view writer_bytes() const noexcept { return stores::byte_view(writer.bytes); }
  const change_texts texts;
  boost::asio::io_context context{1};
  connections links;
  connections lease_link;  ///< one: no other work may keep a lease waiting
  store_clock time;        // any thread
  agenda plan;             // any thread
  followed tasks;          // any thread
  tallies use;
  stores::paused_tools paused;
  std::uint64_t pauses = 0;  ///< that were changed here: who read `paused` before has it wrong
  /// A write may have been committed that nobody here heard of: our own numbers are to be read
  /// again, while nothing else is written.
  bool own_is_doubtful = false;
  ends_in_doubt unheard_ends;
  std::size_t writes = 0;          ///< under way beside the writer
  std::uint64_t writes_begun = 0;  ///< ever
  milliseconds longest_lease{0};   ///< that was asked for here
  stores::store::observer observer = {};
  /// Tells others of changes; set by the listener.
  std::function<void(const std::vector<change>&)> tell_others = {};

 private:
  void tell(const task_ptr& read);

  mutable guarded_mutex mutex_;
  trouble outage_ LONGHAUL_GUARDED_BY(mutex_), no_room_ LONGHAUL_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point no_room_at_ LONGHAUL_GUARDED_BY(mutex_);
};

/// The error that callers get.
stores::store_error store_error_of(const database_error& error);
/// … of an operation of which an attempt before may have been carried out (`unknown`).
stores::store_error store_error_of(const database_error& error, bool unknown);

}  // namespace longhaul::postgres
