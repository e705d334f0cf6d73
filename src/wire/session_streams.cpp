// SPDX-License-Identifier: Apache-2.0
#include "wire/session_streams.hpp"

#include <algorithm>
#include <utility>

#include "wire/tunables.hpp"

namespace longhaul::wire {
namespace {

stream_event event_of(event_id id, message_ptr data) {
  stream_event event;
  event.id = text_of(id);
  event.data = std::move(data);
  return event;
}

}  // namespace

session_streams::session_streams(const revision_look& look, std::shared_ptr<event_budget> budget,
                                 stream_number first)
    : look_(look), log_(std::move(budget), first) {}

void session_streams::close() {
  const guard lock(mutex_);
  closed_ = true;
  log_.close();
  for (auto& [number, stream] : streams_) {
    if (stream.reader) disconnect(stream);
  }
  for (const auto& [id, question] : questions_) {
    if (const auto call = question.wait.lock()) call->abandon();
  }
}

bool session_streams::listening() const {
  const guard lock(mutex_);
  return newest_listening() != 0;
}

void session_streams::forget_ended() {
  const guard lock(mutex_);
  log_.forget_ended();
}

// --- who has what

session_streams::connection* session_streams::find(stream_number stream) {
  const auto at = streams_.find(stream);
  return at == streams_.end() ? nullptr : &at->second;
}

bool session_streams::connected(stream_number stream) const {
  const auto at = streams_.find(stream);
  return at != streams_.end() && at->second.to != nullptr;
}

stream_number session_streams::newest_listening() const {
  stream_number newest = 0;
  std::uint64_t since = 0;
  for (const auto& [number, stream] : streams_) {
    if (!stream.listens || !stream.to || stream.since < since) continue;
    newest = number;
    since = stream.since;
  }
  return newest;
}

stream_number session_streams::connected_for(const std::string& task) const {
  if (const auto at = results_.find(task); at != results_.end()) {
    for (const waiting_result& one : at->second) {
      if (connected(one.stream)) return one.stream;
    }
  }
  return newest_listening();
}

// The first thing on a connection.
void session_streams::greet(stream_number stream, outlet& to) {
  stream_event first;
  if (look_.primed_streams) first.id = text_of(log_.mark(stream));
  to.send_event(std::move(first), urgency::must_arrive);
}

// The last thing on a connection that the client did not end.
void session_streams::say_retry(stream_number stream, outlet& to, milliseconds retry) {
  if (!look_.primed_streams) return;
  stream_event last;
  last.id = text_of(log_.mark(stream));
  last.retry = std::max(retry, milliseconds(0));
  to.send_event(std::move(last), urgency::must_arrive);
}

// Ends the connection, if there is one.
void session_streams::disconnect(connection& from) {
  if (!from.to) return;
  if (from.reader) {
    from.reader->shut_down();
  } else {
    from.to->end_stream();
  }
  from.to = nullptr;
  from.reader = nullptr;
}

// --- of requests

stream_number session_streams::begin(std::shared_ptr<outlet> to) {
  const guard lock(mutex_);
  const stream_number number = log_.begin();
  greet(number, *to);
  streams_[number] = {.to = std::move(to), .since = ++connections_};
  return number;
}

// Sent before it is kept: what a slow reader does not take has no number.
bool session_streams::send(stream_number number, std::string message) {
  auto data = std::make_shared<const std::string>(std::move(message));
  const guard lock(mutex_);
  const connection* const stream = find(number);
  if (stream == nullptr) return true;  // nobody will hear of it
  const bool sent =
      !stream->to || stream->to->send_event(event_of(log_.next(number), data), urgency::news);
  if (sent) log_.add(number, std::move(data), urgency::news);
  return sent;
}

void session_streams::leave_early(stream_number number, milliseconds retry) {
  const guard lock(mutex_);
  connection* const stream = find(number);
  if (stream == nullptr || !stream->to || !look_.primed_streams || closed_) return;
  say_retry(number, *stream->to, retry);
  disconnect(*stream);
  settle();
}

std::string session_streams::end(stream_number number, std::string_view reply, const outlet* own) {
  const guard lock(mutex_);
  const auto at = streams_.find(number);
  if (at == streams_.end()) return {};
  connection stream = std::move(at->second);
  streams_.erase(at);
  std::erase_if(questions_, [&](const auto& one) LONGHAUL_REQUIRES(mutex_) {
    if (one.second.own != number) return false;
    log_.withdraw(one.second.at);  // nobody waits for its answer
    return true;
  });
  event_id id;
  if (!reply.empty()) {
    auto data = std::make_shared<const std::string>(reply);
    id = log_.add(number, data, urgency::must_arrive);
    if (stream.reader) stream.to->send_event(event_of(id, data), urgency::must_arrive);
  }
  log_.end(number);
  const bool on_own = stream.to.get() == own && !stream.reader;
  if (stream.reader) disconnect(stream);
  return on_own && id.event != 0 ? text_of(id) : std::string();
}

// --- of GET

stream_number session_streams::listen(std::shared_ptr<outlet> to,
                                      const serving::exchange_ptr& reader) {
  const guard lock(mutex_);
  if (closed_) return 0;
  make_room_to_listen();
  const stream_number number = log_.begin();
  greet(number, *to);
  streams_[number] = {
      .to = std::move(to), .reader = reader, .since = ++connections_, .listens = true};
  settle();
  return number;
}

// The oldest gives way: its client may be gone without a word.
void session_streams::make_room_to_listen() {
  std::size_t open = 0;
  connection* oldest = nullptr;
  stream_number number = 0;
  for (auto& [at, stream] : streams_) {
    if (!stream.listens || !stream.to) continue;
    ++open;
    if (oldest == nullptr || stream.since < oldest->since) oldest = &stream, number = at;
  }
  if (open < tunables::listening_streams) return;
  say_retry(number, *oldest->to, tunables::stream_retry);
  disconnect(*oldest);
  forget_oldest_left();
}

// Of GET streams that nobody took up again, a few are remembered.
void session_streams::forget_oldest_left() {
  std::size_t count = 0;
  auto oldest = streams_.end();
  for (auto at = streams_.begin(); at != streams_.end(); ++at) {
    if (!at->second.listens || at->second.to) continue;
    ++count;
    if (oldest == streams_.end()) oldest = at;
  }
  if (count <= tunables::left_streams) return;
  log_.forget(oldest->first);
  streams_.erase(oldest);
}

session_streams::resumed_stream session_streams::resume(std::string_view last_event,
                                                        std::shared_ptr<outlet> to,
                                                        const serving::exchange_ptr& reader) {
  const auto id = read_event_id(last_event);
  const guard lock(mutex_);
  if (!id || closed_) return {};
  const auto place = log_.look(*id);
  if (place == event_log::place::unknown) return {};
  if (place == event_log::place::dropped) return {.how = resumption::dropped};
  const stream_number number = id->stream;
  to->send_event({}, urgency::must_arrive);
  for (auto& [at, data] : log_.after(*id)) {
    to->send_event(event_of(at, std::move(data)), urgency::must_arrive);
  }
  connection* const stream = find(number);
  if (stream == nullptr) return {resumption::ended, number};
  disconnect(*stream);
  stream->to = std::move(to);
  stream->reader = reader;
  stream->since = ++connections_;
  settle();
  return {resumption::resumed, number, stream->listens};
}

void session_streams::left(stream_number number, const outlet* from) {
  const guard lock(mutex_);
  connection* const stream = find(number);
  if (stream == nullptr || stream->to.get() != from) return;
  stream->to = nullptr;
  stream->reader = nullptr;
  forget_oldest_left();
  settle();
}

void session_streams::retire(stream_number number, const std::shared_ptr<outlet>& from) {
  {
    const guard lock(mutex_);
    const connection* const stream = find(number);
    if (stream == nullptr || stream->to != from) return;
    say_retry(number, *from, tunables::stream_retry);
  }
  left(number, from.get());
}

// Kept as what counts, although a slow reader may not take it: whoever sends it knows then.
bool session_streams::tell(std::string message) {
  auto data = std::make_shared<const std::string>(std::move(message));
  const guard lock(mutex_);
  const stream_number number = newest_listening();
  if (number == 0 || !initialized_) return false;
  const auto& to = streams_.at(number).to;
  if (!to->send_event(event_of(log_.next(number), data), urgency::news)) return false;
  log_.add(number, std::move(data), urgency::must_arrive);
  return true;
}

}  // namespace longhaul::wire
