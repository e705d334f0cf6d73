// SPDX-License-Identifier: Apache-2.0
// What a session keeps of the events that it sent, so that a client which lost its connection can
// take a stream up again (MCP 2025-11-25 "Resumability and Redelivery"). Streams have numbers, and
// so have the events of each; an event's id is both, `STREAM-EVENT`, and never comes again.
//
//   an event counts (replies, questions, what is told once) or is news (progress, states)
//
// Invariants: what counts is kept, or its loss is known: `look` tells for each id whether
// everything that counts behind it is still there. News may be missing. When room is needed, news
// go first, then what ended streams said, oldest first, then the rest.
//
// Threads: one at a time (`session_streams` has the lock); `event_budget` any.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/endpoint.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {

using message_ptr = std::shared_ptr<const std::string>;

/// Of a stream in its session; 0: none.
using stream_number = std::uint64_t;

struct event_id {
  stream_number stream = 0;
  std::uint64_t event = 0;
  friend bool operator==(const event_id&, const event_id&) = default;
};
std::string text_of(event_id id);
/// Null: not an id as `text_of` makes them.
std::optional<event_id> read_event_id(std::string_view text);

/// The bytes that the logs of all sessions share.
class event_budget {
 public:
  explicit event_budget(std::size_t bytes = tunables::all_event_bytes) : bytes_(bytes) {}
  bool take(std::size_t bytes) noexcept;
  void give(std::size_t bytes) noexcept { used_.fetch_sub(bytes); }
  std::size_t used() const noexcept { return used_.load(); }
  /// True once after somebody found no room: logs of other sessions may have some.
  bool was_short() noexcept { return short_.load() && short_.exchange(false); }

 private:
  const std::size_t bytes_;
  std::atomic<std::size_t> used_{0};
  std::atomic<bool> short_{false};
};

class event_log {
 public:
  enum class place : std::uint8_t {
    here,     ///< all that counts behind it is kept
    unknown,  ///< no event of this session has this id
    dropped   ///< something that counts behind it is not kept any more
  };
  struct kept {
    event_id id;
    message_ptr data;
  };

  /// `first`: the number of its first stream; none of this session was known here before it.
  explicit event_log(std::shared_ptr<event_budget> budget, stream_number first = 1)
      : budget_(std::move(budget)), first_(first), last_(first - 1) {}
  event_log(const event_log&) = delete;
  event_log& operator=(const event_log&) = delete;
  ~event_log() { clear(); }

  stream_number begin();
  /// The id of an event that carries no message: nothing of it is kept.
  event_id mark(stream_number stream);
  /// The id that the next event will have.
  event_id next(stream_number stream) const;
  /// Numbers an event, and keeps it if there is room.
  event_id add(stream_number stream, message_ptr data, urgency how);
  /// Takes an event out that is not to be sent again. Nothing is lost by it.
  void withdraw(event_id id);
  /// Nothing will be added to it: what it said goes before what open streams said.
  void end(stream_number stream);
  /// What is kept of a stream, all of it, goes.
  void forget(stream_number stream);
  /// What is kept of streams that have ended goes.
  void forget_ended();
  /// From now on nothing is kept.
  void close();

  place look(event_id id) const;
  bool ended(stream_number stream) const;
  /// What was added behind it, in order. Requires: it is `here`.
  std::vector<kept> after(event_id id) const;

  std::size_t events() const noexcept { return events_; }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct event {
    std::uint64_t number = 0;
    message_ptr data;
    urgency how = urgency::news;
  };
  struct stream {
    std::uint64_t next = 1;
    std::uint64_t lost = 0;  // the newest that counted and is not kept; all before it is lost, too
    bool ended = false;
    std::size_t news = 0;  // of its events
    std::deque<event> events = {};
  };

  bool make_room(std::size_t size);
  bool drop_one();
  void drop(stream& from, const std::deque<event>::iterator& at);
  void clear();

  const std::shared_ptr<event_budget> budget_;
  std::map<stream_number, stream> streams_;  // those that are open, or of which something is kept
  const stream_number first_;
  stream_number last_;
  std::size_t events_ = 0, bytes_ = 0, news_ = 0;
  bool closed_ = false;
};

}  // namespace longhaul::wire
