// SPDX-License-Identifier: Apache-2.0
// The second half of the machine (`http_exchange.hpp`): what is answered, and how that is written.
#include <algorithm>
#include <array>
#include <utility>

#include "transport/http_exchange.hpp"
#include "transport/http_reply.hpp"

namespace longhaul::transport {
namespace {

wire::http_reply no_room_reply(const routes& paths, std::string_view why) {
  wire::http_reply reply = paths.error(503, why);
  reply.retry_after = static_cast<int>(std::chrono::seconds(tunables::retry_after).count());
  return reply;
}

}  // namespace

void http_exchange::begin_handling(time now) {
  request_body_ = parser_.take_body();
  body_share_.emplace(shared_.open_bodies, request_body_.capacity());
  if (body_share_->granted()) return enter(state::handling, now);
  body_share_.reset();
  std::string().swap(request_body_);
  reply_with(no_room_reply(shared_.paths,
                           "too many large requests wait for their replies; send it again later"),
             after_reply(), now);
}

// What the head alone decided.
void http_exchange::answer_head(head_verdict verdict, time now) {
  const sequel then = after_unread_body(verdict.stranger);
  reply_with(std::move(*verdict.reply), then, now);
}

// The connection goes on behind a body that nobody wants if that is here, or soon will be.
http_exchange::sequel http_exchange::after_unread_body(bool stranger) {
  parser_.drop_body();
  const bool fine = parser_.fault() == parse_fault::none;
  if (fine && !parser_.done()) input_.consume(parser_.put(input_.bytes()));
  const auto left = parser_.body_left();
  // Who waits for `100 Continue` may send the body all the same, or not.
  const bool soon =
      !stranger && !parser_.wants_continue() && left && *left <= tunables::dropped_body;
  const bool goes_on = parser_.fault() == parse_fault::none && (parser_.done() || soon) &&
                       parser_.keep_alive() && !shared_.stopping;
  if (goes_on) return parser_.done() ? sequel::next_request : sequel::drop_body;
  return parser_.done() ? sequel::close : sequel::linger;
}

// Of a request that was read to its end.
http_exchange::sequel http_exchange::after_reply() const noexcept {
  return parser_.keep_alive() && !shared_.stopping ? sequel::next_request : sequel::close;
}

// Nothing can follow it.
void http_exchange::refuse(wire::http_reply fault, time now) {
  parser_.drop_body();
  if (!parser_.head_done()) shared_.paths.greet_page(parser_, lines_);
  reply_with(std::move(fault), sequel::linger, now);
}

wire::http_reply http_exchange::fault_reply() const {
  const http_options& bounds = shared_.options;
  switch (parser_.fault()) {
    case parse_fault::header_too_large:
      return shared_.paths.error(
          431, "the headers are larger than " + std::to_string(bounds.max_header) + " bytes");
    case parse_fault::body_too_large:
      return shared_.paths.error(413, "the body is larger than " + std::to_string(bounds.max_body) +
                                          " bytes; put large data where the tool can read it");
    case parse_fault::no_memory:
      return no_room_reply(shared_.paths,
                           "too many bodies are being read; send it again in a moment");
    default:
      return shared_.paths.error(400, "this is not a well-formed HTTP/1.1 request");
  }
}

void http_exchange::reply_with(wire::http_reply reply, sequel then, time now) {
  shared_.meters.replied(reply.status);
  if (reply.status >= 400) log_refusal(reply.status);
  const bool goes_on = then == sequel::next_request || then == sequel::drop_body;
  append_head(output_, reply, goes_on, shared_.date, lines_);
  if (parser_.method() == "HEAD") reply.body.clear();
  if (reply.body.size() <= tunables::copied_body) {
    output_ += reply.body;
  } else {
    large_body_ = std::move(reply.body);
  }
  then_ = then;
  enter(state::replying, now);
}

void http_exchange::reply_is_out(time now) {
  switch (then_) {
    case sequel::next_request:
      return begin_request(now);
    case sequel::drop_body:
      return enter(state::dropping, now);
    case sequel::linger:
      lingered_ = 0;
      input_.consume(input_.size());
      return enter(state::lingering, now);
    case sequel::close:
      return left();
  }
}

// Whoever is refused may come again at once, and need not be known.
void http_exchange::log_refusal(int status) const {
  constexpr std::array<int, 7> told = {401, 403, 408, 413, 429, 431, 503};
  const bool probe = parser_.method() != "POST" && status == 503;
  const bool worth_a_line = !probe && std::find(told.begin(), told.end(), status) != told.end();
  const log_level level = worth_a_line ? log_level::info : log_level::debug;
  if (status != 403) {
    shared_.options.log.stranger(
        level, "http.refused", {},
        {{"status", status}, {"from", peer_}, {"method", parser_.method()}});
    return;
  }
  // Which name or site was refused is what an operator has to allow.
  shared_.options.log.stranger(level, "http.refused", {},
                               {{"status", status},
                                {"from", peer_},
                                {"method", parser_.method()},
                                {"host", parser_.host()},
                                {"origin", parser_.origin()}});
}

// --- the endpoint

void http_exchange::expect_wait(time now) {
  waits_ = true;
  last_write_ = now;
  input_.give_back(0);
}

// Chunked, but for HTTP/1.0 and `Connection: close`: there the end of the connection is the end.
void http_exchange::start_stream() {
  state_ = state::streaming;
  stream_.emplace(shared_.meters);
  append_stream_head(output_, after_reply() == sequel::next_request, parser_.keep_alive(),
                     shared_.date, lines_);
}

void http_exchange::add_messages(std::span<const wire::stream_event> messages, time now) {
  if (messages.empty() || !in_endpoint()) return;
  if (!has_output()) deadline_ = now + shared_.options.write_stall_time;
  if (state_ == state::handling) start_stream();
  for (const auto& message : messages) append_event(output_, message, parser_.keep_alive());
}

// As if it had replied; the connection ends with it, because the request stays where it is.
void http_exchange::end_stream(time now) {
  if (!in_endpoint()) return;
  if (state_ == state::handling) start_stream();
  waits_ = false;
  stream_.reset();
  if (parser_.keep_alive()) output_ += "0\r\n\r\n";
  then_ = sequel::linger;
  enter(state::replying, now);
  if (!has_output()) reply_is_out(now);
}

void http_exchange::handled(wire::http_reply reply, time now) {
  body_share_.reset();
  stream_.reset();
  waits_ = false;
  if (state_ == state::handling) return reply_with(std::move(reply), after_reply(), now);
  if (state_ != state::streaming) return;
  const bool chunked = parser_.keep_alive();
  if (!reply.body.empty()) append_event(output_, reply.event_id, reply.body, chunked);
  if (chunked) output_ += "0\r\n\r\n";
  then_ = after_reply();
  enter(state::replying, now);
  if (!has_output()) reply_is_out(now);
}

void http_exchange::failed(time now) {
  wire::http_reply reply = shared_.paths.error(500, "the server failed at this request");
  if (state_ != state::asking) return handled(std::move(reply), now);
  head_verdict verdict;
  verdict.reply = std::move(reply);
  answer_head(std::move(verdict), now);
}

// --- writing

pieces http_exchange::output() const noexcept {
  const std::size_t in_output = std::min(sent_, output_.size());
  return {std::string_view(output_).substr(in_output),
          std::string_view(large_body_).substr(sent_ - in_output)};
}

void http_exchange::written(std::size_t count, time now) {
  sent_ += count;
  last_write_ = now;
  const bool of_reply = state_ == state::replying || state_ == state::streaming;
  if (has_output()) {
    // A slow reader may take its time, as long as it takes something.
    if (of_reply) deadline_ = now + shared_.options.write_stall_time;
    return;
  }
  give_back(output_);
  if (!large_body_.empty()) std::string().swap(large_body_);
  sent_ = 0;
  if (state_ == state::streaming) deadline_ = time::max();
  if (state_ == state::replying) reply_is_out(now);
}

http_exchange::alarm http_exchange::sweep(time now) {
  if (now >= deadline_) {
    if (state_ != state::head && state_ != state::body) return alarm::close;
    refuse(shared_.paths.error(408, "the request came too slowly; send it again, faster"), now);
    return alarm::stop_reading;
  }
  const bool silent = now - last_write_ >= shared_.options.keep_alive_comment;
  if (!waits() || !comments_ || has_output() || !silent) return alarm::none;
  if (state_ == state::handling) start_stream();
  append_comment(output_, parser_.keep_alive());
  deadline_ = now + shared_.options.write_stall_time;
  return alarm::write;
}

}  // namespace longhaul::transport
