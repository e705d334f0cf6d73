// SPDX-License-Identifier: Apache-2.0
// How processes hear of each other's changes. A notification is a hint, ids with their revisions:
// whoever wants one of them reads it. Nothing depends on hints: what is followed is looked at once
// a second as long as none comes through (a pooler in between, `notify=off`), and now and then
// anyway.
//
//   committed ──► gathered for some milliseconds ──► NOTIFY ┄┄► heard ──► wanted? ──► read ──► told
//   the pulse, once a second ──► (a look: what has another revision) ───────────────────┘
//                            └─► `agenda`: is there something to claim, to end, to remove?
//
// Threads: the database thread.
#pragma once

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "postgres/connection.hpp"
#include "postgres/database.hpp"

namespace longhaul::postgres {

class listener {
 public:
  explicit listener(database& home);

  void start();
  /// Whatever is under way ends soon.
  void stop();

 private:
  awaitable<void> listen();
  awaitable<void> listen_once();
  awaitable<void> beat();
  awaitable<void> try_to(awaitable<void> work);
  awaitable<void> keep_up();
  awaitable<void> pulse();
  void read_pulse(const rows& now, const std::array<std::uint64_t, 3>& before);
  awaitable<void> look(const followed::interest& all, const rows& revisions);
  awaitable<void> look_for_ends();
  awaitable<void> tell_ends(std::vector<std::string> ids);
  awaitable<void> fetch(std::vector<std::string> ids);
  awaitable<void> send();
  awaitable<void> say(std::string text);
  awaitable<void> try_to_say(std::string text);
  void gather(const std::vector<database::change>& changes);
  void hear(const std::vector<news>& all);
  bool may_be_dead() const;
  void give_up();
  template <class Work>
  void spawn(Work work);

  database& home_;
  const std::string channel_;
  connection link_;
  boost::asio::steady_timer beat_timer_, send_timer_, pause_timer_;
  std::map<std::string, std::uint64_t> news_;  // gathered
  bool work_ = false;                          // may be begun, by others
  bool sending_ = false, hears_ = false, others_ = true, stopped_ = false;
  std::chrono::steady_clock::time_point looked_at_{}, heard_at_{}, merged_at_{}, others_until_{};
  int unheard_ = 0;  // of our own words, since the last that came back
};

}  // namespace longhaul::postgres
