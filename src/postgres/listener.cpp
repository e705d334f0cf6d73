// SPDX-License-Identifier: Apache-2.0
#include "postgres/listener.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <utility>

#include "postgres/patience.hpp"
#include "postgres/reads.hpp"
#include "postgres/tunables.hpp"

namespace longhaul::postgres {
namespace {

namespace asio = boost::asio;

// What says that somebody is there, and whether words come back.
constexpr std::string_view greeting = "hello";
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
      look_timer_(home.context),
      send_timer_(home.context),
      pause_timer_(home.context) {}

template <class Work>
void listener::spawn(Work work) {
  ++running_;
  asio::co_spawn(home_.context, std::move(work), [this](const std::exception_ptr&) { --running_; });
}

void listener::start() {
  spawn(look_again_and_again());
  if (!home_.options.notify) return;
  home_.tell_others = [this](const std::vector<database::change>& changes) { gather(changes); };
  spawn(listen());
}

void listener::stop() {
  stopped_ = true;
  for (asio::steady_timer* each : {&look_timer_, &send_timer_, &pause_timer_}) each->cancel();
  link_.close();
}

// --- hearing

awaitable<void> listener::listen() {
  std::chrono::steady_clock::duration pause = tunables::first_pause;
  while (!stopped_) {
    try {
      co_await listen_once();
      pause = tunables::first_pause;
    } catch (const database_error&) {  // the pool tells of outages
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
  look_timer_.cancel();
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
    std::string_view text = one.text;
    if (text == greeting) {
      others_ = true;  // until the next look counts them
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

awaitable<void> listener::fetch(std::vector<std::string> ids) {
  const auto read = [&](connection& link) { return rows_of(home_, link, ids, detail::state); };
  for (const task_row& row : co_await with_connection(home_, purpose::reads, read)) {
    home_.publish_news(row);
  }
}

// --- looking

awaitable<void> listener::look_again_and_again() {
  while (!stopped_) {
    const auto interval = hears_ ? tunables::look_anyway_every : tunables::look_every;
    look_timer_.expires_at(looked_at_ + interval);
    co_await wait(look_timer_);
    if (stopped_) break;
    if (std::chrono::steady_clock::now() < looked_at_ + interval) continue;
    looked_at_ = std::chrono::steady_clock::now();
    if (unheard_ > 1) hears_ = false;
    try {
      co_await look();
      ++unheard_;
      if (home_.options.notify && others_) co_await say(std::string(greeting));
    } catch (const std::exception&) {  // the next one
    }
  }
}

awaitable<void> listener::look() {
  const std::string alive =
      home_.sql("SELECT count(*) FROM @.processes WHERE NOT dead AND writer <> $1");
  const std::string revisions = home_.sql("SELECT id, rev FROM @.states WHERE id = ANY ($1)");
  const followed::interest all = home_.tasks.all();
  const auto ask = [&](connection& link) {
    std::vector<statement> both;
    both.push_back({alive, {parameter::bytes_of(home_.writer_bytes())}});
    if (!all.ids.empty()) both.push_back({revisions, {text_array(all.ids)}});
    return link.run(std::move(both));
  };
  const std::vector<rows> results = co_await with_connection(home_, purpose::reads, ask);
  others_ = results[0].at(0, 0).integer() > 0;
  if (all.ids.empty()) co_return;
  std::map<std::string, std::uint64_t, std::less<>> known;
  for (std::size_t i = 0; i < all.ids.size(); ++i) known.emplace(all.ids[i], all.revs[i]);
  std::vector<std::string> changed;
  for (int row = 0; row < results[1].size(); ++row) {
    const auto found = known.find(results[1].at(row, 0).text());
    if (found == known.end()) continue;
    const auto rev = static_cast<std::uint64_t>(results[1].at(row, 1).integer());
    if (rev > found->second) changed.push_back(found->first);
    known.erase(found);
  }
  for (const auto& [id, rev] : known) home_.tasks.gone(id);
  if (!changed.empty()) co_await fetch(std::move(changed));
}

// --- telling

void listener::gather(const std::vector<database::change>& changes) {
  if (!others_ || stopped_) return;
  for (const database::change& each : changes) {
    std::uint64_t& rev = news_[each.after.record->id()];
    rev = std::max(rev, each.after.record->rev);
  }
  if (!news_.empty() && !std::exchange(sending_, true)) spawn(send());
}

awaitable<void> listener::send() {
  while (!news_.empty() && !stopped_) {
    send_timer_.expires_after(tunables::gather_news);
    co_await wait(send_timer_);
    std::string text;
    while (!news_.empty() && text.size() < tunables::longest_news) {
      const auto first = news_.begin();
      text.append(text.empty() ? "" : ",").append(first->first).append(":");
      text.append(std::to_string(first->second));
      news_.erase(first);
    }
    try {
      co_await say(std::move(text));
    } catch (const std::exception&) {  // a hint that is lost: others look
    }
  }
  sending_ = false;
}

awaitable<void> listener::say(std::string text) {
  const auto notify = [&](connection& link) {
    std::vector<statement> one;
    one.push_back({"SELECT pg_notify($1, $2)", {parameter::text(channel_), parameter::text(text)}});
    return link.run(std::move(one));
  };
  connections::loan link = co_await home_.links.take();
  co_await notify(*link);
}

}  // namespace longhaul::postgres
