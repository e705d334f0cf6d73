// SPDX-License-Identifier: Apache-2.0
// The body's half of the parser. Every byte of room is paid for before it is taken.
#include <algorithm>
#include <utility>

#include "transport/http_parser.hpp"

namespace longhaul::transport {

std::size_t http_parser::put(std::string_view bytes) {
  const std::size_t head = head_done() ? 0 : put_head(bytes);
  if (!head_done() || done() || fault_ != parse_fault::none) return head;
  bytes.remove_prefix(head);
  return head + (at_ == part::body ? put_body(bytes) : put_chunks(bytes));
}

std::size_t http_parser::put_body(std::string_view bytes) {
  bytes =
      bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, bytes.size())));
  if (!keep_body(bytes)) return 0;
  body_left_ -= bytes.size();
  if (body_left_ == 0) at_ = part::done;
  return bytes.size();
}

std::size_t http_parser::put_chunks(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && at_ == part::chunks) {
    std::string_view data;
    taken += chunks_.take(bytes.substr(taken), data);
    switch (chunks_.failed()) {
      case chunk_decoder::fault::none:
        break;
      case chunk_decoder::fault::malformed:
        refuse(parse_fault::malformed);
        return taken;
      case chunk_decoder::fault::framing_too_large:
        refuse(parse_fault::header_too_large);
        return taken;
      case chunk_decoder::fault::body_too_large:
        refuse(parse_fault::body_too_large);
        return taken;
    }
    if (!keep_body(data)) return taken;
    if (chunks_.done()) at_ = part::done;
  }
  return taken;
}

std::optional<std::uint64_t> http_parser::body_left() const noexcept {
  if (at_ == part::chunks) return std::nullopt;
  return at_ == part::body ? body_left_ : 0;
}

bool http_parser::keep_body(std::string_view bytes) {
  if (dropping_ || bytes.empty()) return true;
  const std::size_t needed = body_.size() + bytes.size();
  if (needed > body_room_ && !make_body_room(needed)) {
    refuse(parse_fault::no_memory);
    return false;
  }
  body_.append(bytes);
  return true;
}

bool http_parser::make_body_room(std::size_t needed) {
  const std::size_t most =
      at_ == part::body ? body_.size() + static_cast<std::size_t>(body_left_) : max_body_;
  const std::size_t at_once = at_ == part::body ? std::min(most, tunables::believed_body) : 0;
  const std::size_t room = std::max({needed, std::min(2 * body_room_, most), at_once});
  if (memory_ && !memory_->take(room - body_room_, room)) return false;
  body_room_ = room;
  // Not grown where it is: a string takes more than it is asked for.
  std::string larger;
  larger.reserve(room + tunables::body_padding);
  larger += body_;
  body_ = std::move(larger);
  return true;
}

void http_parser::give_body_room() noexcept {
  if (memory_ && body_room_ > 0) memory_->give(body_room_);
  body_room_ = 0;
  std::string().swap(body_);  // an assignment would keep the room
}

void http_parser::drop_body() noexcept {
  dropping_ = true;
  give_body_room();
}

std::string http_parser::take_body() {
  std::string result = std::move(body_);
  give_body_room();
  return result;
}

std::size_t http_parser::held() const noexcept {
  return kept_.capacity() + accept_.joined.capacity() + tracestate_.joined.capacity() +
         baggage_.joined.capacity() + body_.capacity() +
         param_spans_.capacity() * sizeof param_spans_[0] + params_.capacity() * sizeof params_[0];
}

}  // namespace longhaul::transport
