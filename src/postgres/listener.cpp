// SPDX-License-Identifier: Apache-2.0
#include "postgres/listener.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "postgres/outputs.hpp"
#include "postgres/patience.hpp"
#include "postgres/reads.hpp"
#include "postgres/tunables.hpp"
#include "postgres/upkeep.hpp"

namespace longhaul::postgres {
namespace {

namespace asio = boost::asio;

// What says that somebody is there, and whether words come back.
constexpr std::string_view greeting = "hello";
/// A task may begin.
constexpr std::string_view work_waits = "work";
constexpr std::chrono::steady_clock::duration for_ever = std::chrono::hours(24);

awaitable<void> wait(asio::steady_timer& timer) {
  boost::system::error_code cancelled;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
}

}  // namespace

listener::listener(database& home)
    : home_(home),
      channel_("longhaul_" + home.options.schema),
      link_(home.context, home.options.where),
      beat_timer_(home.context),
      send_timer_(home.context),
      pause_timer_(home.context) {}

template <class Work>
void listener::spawn(Work work) {
  asio::co_spawn(home_.context, std::move(work), asio::detached);
}

void listener::start() {
  // Others may listen, whether we do or not.
  home_.tell_others = [this](const std::vector<database::change>& changes) { gather(changes); };
  spawn(beat());
  if (home_.options.notify) spawn(listen());
}

void listener::stop() {
  stopped_ = true;
  for (asio::steady_timer* each : {&beat_timer_, &send_timer_, &pause_timer_}) each->cancel();
  link_.close();
}

// --- hearing

awaitable<void> listener::listen() {
  std::chrono::steady_clock::duration pause = tunables::first_pause;
  while (!stopped_) {
    try {
      co_await listen_once();
      pause = tunables::first_pause;
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the pool tells of outages
    }
    hears_ = false;
    if (stopped_) break;
    pause_timer_.expires_after(pause);
    pause = std::min<std::chrono::steady_clock::duration>(pause * 2, tunables::longest_pause);
    co_await wait(pause_timer_);
  }
}

awaitable<void> listener::listen_once() {
  co_await link_.open();
  const std::string sql = in_schema("LISTEN @", channel_);
  std::vector<statement> begin;
  begin.push_back({sql});
  co_await link_.run(std::move(begin));
  co_await say(std::string(greeting));
  looked_at_ = {};  // what was said while nobody listened
  while (!stopped_) {
    hear(link_.take_news());
    co_await link_.listen(for_ever);
  }
}

void listener::hear(const std::vector<news>& all) {
  std::vector<std::string> wanted;
  for (const news& one : all) {
    if (one.channel != channel_) continue;
    hears_ = true;
    unheard_ = 0;
    heard_at_ = std::chrono::steady_clock::now();
    std::string_view text = one.text;
    if (text == greeting) {
      others_ = true;
      others_until_ = std::chrono::steady_clock::now() + 3 * tunables::look_anyway_every;
      continue;
    }
    if (text == work_waits) {
      home_.plan.starts.add(monotonic_time::min());
      continue;
    }
    while (!text.empty()) {
      const std::string_view item = text.substr(0, text.find(','));
      text.remove_prefix(std::min(text.size(), item.size() + 1));
      const std::size_t colon = item.find(':');
      std::uint64_t rev = 0;
      if (colon == std::string_view::npos) continue;
      std::from_chars(item.data() + colon + 1, item.data() + item.size(), rev);
      const std::string_view id = item.substr(0, colon);
      if (home_.tasks.wants(id, rev)) wanted.emplace_back(id);
    }
  }
  if (!wanted.empty()) spawn(fetch(std::move(wanted)));
}

// A connection that only listens is never told that the other end is gone. What has swallowed a
// question of another one may have swallowed this one.
bool listener::may_be_dead() const {
  if (!link_.usable()) return false;
  const auto last_sign = std::max(link_.answered_what_was_asked_at(), heard_at_);
  return last_sign <= std::max(home_.links.silence(), home_.lease_link.silence());
}

// Another one is opened, and until that hears something what is followed is looked at.
void listener::give_up() {
  hears_ = false;
  link_.close();
}

awaitable<void> listener::fetch(std::vector<std::string> ids) {
  const auto read = [&](connection& link) { return rows_of(home_, link, ids, detail::state); };
  try {
    for (const task_row& row : co_await with_connection(home_, purpose::reads, read)) {
      home_.publish_news(row);
    }
  } catch (const stores::store_error&) {  // NOLINT(bugprone-empty-catch): the next look finds them
  }
}

// --- the pulse

awaitable<void> listener::beat() {
  while (!stopped_) {
    beat_timer_.expires_after(tunables::look_every);
    co_await wait(beat_timer_);
    if (stopped_) break;
    co_await try_to(keep_up());
    co_await try_to(look_for_ends());
  }
}

// What fails has its next turn.
awaitable<void> listener::try_to(awaitable<void> work) {
  try {
    co_await std::move(work);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch)
  }
}

awaitable<void> listener::keep_up() {
  co_await pulse();
  if (home_.may_have_room()) {
    const auto trial = [this](connection& link) { return try_to_write(home_, link); };
    co_await with_connection(home_, purpose::reads, trial);
    home_.set_no_room(nullptr);
  }
  if (std::chrono::steady_clock::now() < merged_at_ + tunables::merge_every) co_return;
  merged_at_ = std::chrono::steady_clock::now();
  const auto merge = [this](connection& link) -> awaitable<int> {
    co_await merge_counts(home_, link);
    co_await remove_lost_outputs(home_, link);
    co_return 0;
  };
  co_await with_connection(home_, purpose::writes, merge);
}

awaitable<void> listener::pulse() {
  if (may_be_dead()) give_up();
  const auto now = std::chrono::steady_clock::now();
  const bool looks = !hears_ || now >= looked_at_ + tunables::look_anyway_every;
  const std::string agenda = home_.sql(R"sql(
SELECT (SELECT min(limit_at) FROM @.states WHERE limit_at IS NOT NULL),
       (SELECT min(remove_at) FROM @.states WHERE remove_at IS NOT NULL),
       (SELECT min(due_at) FROM @.states WHERE due_at IS NOT NULL),
       EXISTS (SELECT 1 FROM @.states WHERE ready AND epoch = 0) OR
       EXISTS (SELECT 1 FROM @.states WHERE ready AND epoch > 0),
       EXISTS (SELECT 1 FROM @.processes WHERE NOT dead AND writer <> $1))sql");
  const std::string paused = home_.sql("SELECT tool, since FROM @.paused");
  const std::string revisions = home_.sql("SELECT id, rev FROM @.states WHERE id = ANY ($1)");
  const followed::interest all = looks ? home_.tasks.all() : followed::interest();
  const auto ask = [&](connection& link) {
    std::vector<statement> both;
    both.push_back({agenda, {parameter::bytes_of(home_.writer_bytes())}});
    both.push_back({paused});
    if (!all.ids.empty()) both.push_back({revisions, {text_array(all.ids)}});
    return link.run(std::move(both));
  };
  const std::uint64_t pauses = home_.pauses;
  const std::array before = {home_.plan.limits.additions(), home_.plan.removals.additions(),
                             home_.plan.starts.additions()};
  const std::vector<rows> results = co_await with_connection(home_, purpose::reads, ask);
  read_pulse(results[0], before);
  if (home_.pauses == pauses) home_.paused = read_paused(results[1]);
  if (!looks) co_return;
  looked_at_ = now;
  // Through a pooler nothing is ever heard, and another connection would not help.
  if (unheard_++ > 1 && hears_) give_up();
  if (!all.ids.empty()) co_await look(all, results[2]);
  if (home_.options.notify && others_) co_await say(std::string(greeting));
}

void listener::read_pulse(const rows& now, const std::array<std::uint64_t, 3>& before) {
  const auto time = [&](int column) {
    const field at = now.at(0, column);
    return at.null() ? monotonic_time::max() : monotonic_time(milliseconds(at.integer()));
  };
  const bool ready = now.at(0, 3).boolean();
  home_.plan.limits.set(time(0), before[0]);
  home_.plan.removals.set(time(1), before[1]);
  home_.plan.starts.set(ready ? monotonic_time::min() : time(2), before[2]);
  others_ = now.at(0, 4).boolean() || std::chrono::steady_clock::now() < others_until_;
}

awaitable<void> listener::look(const followed::interest& all, const rows& revisions) {
  std::map<std::string, std::uint64_t, std::less<>> known;
  for (std::size_t i = 0; i < all.ids.size(); ++i) known.emplace(all.ids[i], all.revs[i]);
  std::vector<std::string> changed;
  for (int row = 0; row < revisions.size(); ++row) {
    const auto found = known.find(revisions.at(row, 0).text());
    if (found == known.end()) continue;
    const auto rev = static_cast<std::uint64_t>(revisions.at(row, 1).integer());
    if (rev > found->second) changed.push_back(found->first);
    known.erase(found);
  }
  for (const auto& [id, rev] : known) home_.tasks.gone(id, rev);
  if (!changed.empty()) co_await fetch(std::move(changed));
}

// Whoever has written them may have given up before the database answered again.
awaitable<void> listener::look_for_ends() {
  const std::vector<std::string> ids = home_.unheard_ends.ids();
  if (ids.empty()) co_return;
  const std::string revisions = home_.sql("SELECT id, rev FROM @.states WHERE id = ANY ($1)");
  const auto ask = [&](connection& link) -> awaitable<rows> {
    return run_one(link, revisions, {text_array(ids)});
  };
  const rows found = co_await with_connection(home_, purpose::reads, ask);
  std::set<std::string, std::less<>> removed(ids.begin(), ids.end());
  std::vector<std::string> decided;
  for (int row = 0; row < found.size(); ++row) {
    std::string id(found.at(row, 0).text());
    removed.erase(id);
    const auto rev = static_cast<std::uint64_t>(found.at(row, 1).integer());
    home_.unheard_ends.looked_in_vain(id);
    if (!home_.unheard_ends.decided_by(id, rev)) continue;
    if (decided.size() < tunables::reads_at_once) decided.push_back(std::move(id));
  }
  // Removed, maybe by a commit of this process that it has not heard of yet: that one tells.
  for (const std::string& id : removed) home_.unheard_ends.looked_in_vain(id);
  if (!decided.empty()) co_await tell_ends(std::move(decided));
}

awaitable<void> listener::tell_ends(std::vector<std::string> ids) {
  const auto read = [&](connection& link) { return rows_of(home_, link, ids, detail::state); };
  for (const task_row& row : co_await with_connection(home_, purpose::reads, read)) {
    if (home_.unheard_ends.decided_by(row.record->id(), row.record->rev)) home_.found(row);
  }
}

// --- telling

void listener::gather(const std::vector<database::change>& changes) {
  if (!others_ || stopped_) return;
  for (const database::change& each : changes) {
    std::uint64_t& rev = news_[each.after.record->id()];
    rev = std::max(rev, each.after.record->rev);
    work_ = work_ || stores::claimable(*each.after.record);
  }
  if (!news_.empty() && !std::exchange(sending_, true)) spawn(send());
}

awaitable<void> listener::send() {
  while (!news_.empty() && !stopped_) {
    send_timer_.expires_after(tunables::gather_news);
    co_await wait(send_timer_);
    if (std::exchange(work_, false)) co_await try_to_say(std::string(work_waits));
    std::string text;
    while (!news_.empty() && text.size() < tunables::longest_news) {
      const auto first = news_.begin();
      text.append(text.empty() ? "" : ",").append(first->first).append(":");
      text.append(std::to_string(first->second));
      news_.erase(first);
    }
    co_await try_to_say(std::move(text));
  }
  sending_ = false;
}

// A hint that is lost costs a second: others look.
awaitable<void> listener::try_to_say(std::string text) {
  try {
    co_await say(std::move(text));
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): as it says
  }
}

awaitable<void> listener::say(std::string text) {
  const auto notify = [&](connection& link) {
    std::vector<statement> one;
    one.push_back({"SELECT pg_notify($1, $2)", {parameter::text(channel_), parameter::text(text)}});
    return link.run(std::move(one));
  };
  co_await with_connection(home_, purpose::reads, notify);
}

}  // namespace longhaul::postgres
