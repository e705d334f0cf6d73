// SPDX-License-Identifier: Apache-2.0
// Each event moves the machine as far as the bytes that are there allow: `received` may end in
// `asking`, in `handling`, or in a reply. Nothing here waits.
#include "transport/http_exchange.hpp"

#include <utility>

#include "transport/http_reply.hpp"

namespace longhaul::transport {
namespace {

constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr http_exchange::time never = http_exchange::time::max();

}  // namespace

http_exchange::http_exchange(const exchange_context& shared, std::string peer, bool opening,
                             time now)
    : shared_(shared),
      peer_(std::move(peer)),
      state_(opening ? state::opening : state::idle),
      last_write_(now),
      parser_(shared.options.max_header, shared.options.max_body, &shared.bodies) {
  enter(state_, now);
}

void http_exchange::enter(state entered, time now) {
  state_ = entered;
  const http_options& bounds = shared_.options;
  switch (entered) {
    case state::opening:
    case state::head:
      deadline_ = now + bounds.head_time;
      break;
    case state::idle:
      deadline_ = now + bounds.idle_time;
      if (shared_.stopping) left();
      break;
    case state::body:
    case state::dropping:
      deadline_ = now + bounds.body_time;
      break;
    case state::replying:
      deadline_ = now + bounds.write_stall_time;
      break;
    case state::lingering:
      deadline_ = now + tunables::linger_time;
      break;
    case state::asking:  // who is asked bounds its own time
    case state::handling:
    case state::streaming:
    case state::over:
      deadline_ = never;
      break;
  }
}

http_exchange::step http_exchange::next() const noexcept {
  switch (state_) {
    case state::opening:
      return step::open;
    case state::idle:
    case state::head:
    case state::dropping:
    case state::lingering:
      return step::read;
    case state::body:
      return has_output() ? step::write : step::read;
    case state::asking:
      return step::identify;
    case state::handling:
      return step::handle;
    case state::streaming:
    case state::replying:
      return step::write;
    case state::over:
      break;
  }
  return step::close;
}

// --- reading

void http_exchange::opened(time now) {
  if (state_ == state::opening) enter(state::idle, now);
}

std::span<char> http_exchange::room() {
  return input_.room(state_ == state::body ? tunables::body_chunk : tunables::head_chunk);
}

void http_exchange::received(std::size_t count, time now) {
  input_.filled(count);
  switch (state_) {
    case state::idle:
    case state::head:
      return take_head(now);
    case state::body:
      return take_body_bytes(now);
    case state::dropping:
      return drop_body_bytes(now);
    case state::lingering:
      lingered_ += count;
      input_.consume(input_.size());
      if (lingered_ >= tunables::linger_bytes) left();
      return;
    default:  // sent ahead, or when the time was up: it stays where it is
      if (waits()) input_.give_back(0);
      return;
  }
}

void http_exchange::begin_request(time now) {
  parser_.reset();
  request_ = {};  // views of what the parser has forgotten
  give_back(lines_);
  waits_ = false;
  comments_ = true;
  input_.give_back(tunables::head_chunk);
  if (input_.empty()) return enter(state::idle, now);
  enter(state::head, now);
  take_head(now);
}

void http_exchange::take_head(time now) {
  if (input_.empty()) return;
  if (state_ == state::idle) enter(state::head, now);
  input_.consume(parser_.put_head(input_.bytes()));
  if (parser_.head_done()) return judge_head(now);
  if (parser_.fault() != parse_fault::none) return refuse(fault_reply(), now);
  if (!parser_.begun() && input_.empty()) enter(state::idle, now);
}

void http_exchange::judge_head(time now) {
  request_ = parser_.request(peer_);
  head_verdict verdict = shared_.paths.judge(parser_, shared_.stopping, lines_);
  if (verdict.reply) return answer_head(std::move(verdict), now);
  enter(state::asking, now);
}

auth::credentials http_exchange::credentials() const noexcept {
  return {request_.authorization, request_.peer_address, request_.forwarded};
}

void http_exchange::identified(auth::identification sender, time now) {
  if (state_ != state::asking) return;
  head_verdict verdict;
  if (!sender.who) {
    verdict.reply = shared_.paths.error(sender.status, "Not authorized");
    verdict.reply->www_authenticate = std::move(sender.www_authenticate);
    return answer_head(std::move(verdict), now);
  }
  request_.caller = std::move(sender.who);
  verdict.reply = shared_.paths.admit(request_);
  if (verdict.reply) return answer_head(std::move(verdict), now);
  enter_body(now);
}

void http_exchange::enter_body(time now) {
  enter(state::body, now);
  take_body_bytes(now);
  // Once, and not to who sent the body along.
  if (state_ == state::body && parser_.wants_continue()) output_ += go_on;
}

void http_exchange::take_body_bytes(time now) {
  if (!parser_.done() && parser_.fault() == parse_fault::none) {
    input_.consume(parser_.put(input_.bytes()));
  }
  if (parser_.fault() != parse_fault::none) return refuse(fault_reply(), now);
  if (parser_.done()) begin_handling(now);
}

void http_exchange::drop_body_bytes(time now) {
  input_.consume(parser_.put(input_.bytes()));
  if (parser_.fault() != parse_fault::none) return left();
  if (parser_.done()) begin_request(now);
}

}  // namespace longhaul::transport
