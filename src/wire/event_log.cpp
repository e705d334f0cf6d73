// SPDX-License-Identifier: Apache-2.0
#include "wire/event_log.hpp"

#include <algorithm>
#include <charconv>

namespace longhaul::wire {
namespace {

std::size_t size_of(const message_ptr& data) { return data->size() + tunables::event_cost; }

// One way to write each number: ids are compared as they came.
std::optional<std::uint64_t> read_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
  if (!whole || text.front() == '0') return std::nullopt;
  return value;
}

}  // namespace

std::string text_of(event_id id) {
  return std::to_string(id.stream) + '-' + std::to_string(id.event);
}

std::optional<event_id> read_event_id(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto stream = read_number(text.substr(0, dash));
  const auto event = read_number(text.substr(dash + 1));
  if (!stream || !event) return std::nullopt;
  return event_id{*stream, *event};
}

bool event_budget::take(std::size_t bytes) noexcept {
  std::size_t used = used_.load();
  do {
    if (used + bytes > bytes_) {
      short_.store(true);
      return false;
    }
  } while (!used_.compare_exchange_weak(used, used + bytes));
  return true;
}

stream_number event_log::begin() {
  streams_.try_emplace(++last_);
  return last_;
}

event_id event_log::mark(stream_number number) {
  const auto at = streams_.find(number);
  return at == streams_.end() ? event_id{number, 0} : event_id{number, at->second.next++};
}

event_id event_log::next(stream_number number) const {
  const auto at = streams_.find(number);
  return {number, at == streams_.end() ? 0 : at->second.next};
}

event_id event_log::add(stream_number number, message_ptr data, urgency how) {
  const event_id id = mark(number);
  if (id.event == 0) return id;
  const bool fits = !closed_ && make_room(size_of(data));
  stream& into = streams_.at(number);
  if (!fits) {
    if (how == urgency::must_arrive) into.lost = id.event;
    return id;
  }
  bytes_ += size_of(data);
  ++events_;
  if (how == urgency::news) ++into.news, ++news_;
  into.events.push_back({id.event, std::move(data), how});
  return id;
}

// Takes the bytes as well.
bool event_log::make_room(std::size_t size) {
  if (size > tunables::kept_event_bytes) return false;
  while (events_ >= tunables::kept_events || bytes_ + size > tunables::kept_event_bytes) {
    if (!drop_one()) return false;
  }
  while (!budget_->take(size)) {
    if (!drop_one()) return false;
  }
  return true;
}

bool event_log::drop_one() {
  if (events_ == 0) return false;
  const auto first = [this](auto fits) {
    return std::ranges::find_if(streams_, [&](const auto& one) { return fits(one.second); });
  };
  const auto is_news = [](const event& one) { return one.how == urgency::news; };
  auto at = streams_.end();
  if (news_ > 0) {
    at = first([](const stream& one) { return one.news > 0; });
    drop(at->second, std::ranges::find_if(at->second.events, is_news));
    return true;
  }
  at = first([](const stream& one) { return one.ended && !one.events.empty(); });
  if (at == streams_.end()) at = first([](const stream& one) { return !one.events.empty(); });
  drop(at->second, at->second.events.begin());
  if (at->second.ended && at->second.events.empty()) streams_.erase(at);
  return true;
}

void event_log::drop(stream& from, const std::deque<event>::iterator& at) {
  const std::size_t size = size_of(at->data);
  budget_->give(size);
  bytes_ -= size;
  --events_;
  if (at->how == urgency::news) {
    --from.news;
    --news_;
  } else {
    from.lost = std::max(from.lost, at->number);
  }
  from.events.erase(at);
}

void event_log::withdraw(event_id id) {
  const auto found = streams_.find(id.stream);
  if (found == streams_.end()) return;
  stream& home = found->second;
  const auto at = std::ranges::find(home.events, id.event, &event::number);
  if (at == home.events.end()) return;
  const std::uint64_t lost = home.lost;
  drop(home, at);
  home.lost = lost;
}

void event_log::end(stream_number number) {
  const auto at = streams_.find(number);
  if (at == streams_.end()) return;
  at->second.ended = true;
  if (at->second.events.empty()) streams_.erase(at);
}

void event_log::forget(stream_number number) {
  const auto at = streams_.find(number);
  if (at == streams_.end()) return;
  while (!at->second.events.empty()) drop(at->second, at->second.events.begin());
  streams_.erase(at);
}

void event_log::forget_ended() {
  std::vector<stream_number> all;
  for (const auto& [number, one] : streams_) {
    if (one.ended) all.push_back(number);
  }
  for (const stream_number number : all) forget(number);
}

void event_log::close() {
  closed_ = true;
  for (auto& [number, one] : streams_) {
    while (!one.events.empty()) drop(one, one.events.begin());
  }
}

void event_log::clear() { budget_->give(bytes_); }

event_log::place event_log::look(event_id id) const {
  if (id.stream < first_ || id.stream > last_) return place::unknown;
  const auto at = streams_.find(id.stream);
  if (at == streams_.end()) return place::dropped;
  const stream& home = at->second;
  if (id.event == 0 || id.event >= home.next) return place::unknown;
  return id.event < home.lost ? place::dropped : place::here;
}

bool event_log::ended(stream_number number) const {
  const auto at = streams_.find(number);
  return at == streams_.end() || at->second.ended;
}

std::vector<event_log::kept> event_log::after(event_id id) const {
  std::vector<kept> events;
  for (const event& one : streams_.at(id.stream).events) {
    if (one.number > id.event) events.push_back({{id.stream, one.number}, one.data});
  }
  return events;
}

}  // namespace longhaul::wire
