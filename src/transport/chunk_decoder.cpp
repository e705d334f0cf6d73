// SPDX-License-Identifier: Apache-2.0
#include "transport/chunk_decoder.hpp"

#include <algorithm>

#include "transport/http_syntax.hpp"

namespace longhaul::transport {
namespace {

constexpr unsigned most_digits = 16;  // of a size: 64 bits

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

}  // namespace

void chunk_decoder::reset() noexcept {
  at_ = place::size_begin;
  fault_ = fault::none;
  digits_ = 0;
  left_ = 0;
  framing_ = body_ = 0;
}

std::size_t chunk_decoder::take(std::string_view bytes, std::string_view& data) {
  data = {};
  std::size_t taken = 0;
  while (taken < bytes.size() && !done() && fault_ == fault::none) {
    if (at_ == place::data) {
      data = bytes.substr(
          taken, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - taken)));
      left_ -= data.size();
      if (left_ == 0) at_ = place::data_cr;
      return taken + data.size();
    }
    step(bytes[taken++]);
  }
  return taken;
}

void chunk_decoder::go_if(bool allowed, place next) noexcept {
  if (allowed) {
    at_ = next;
  } else {
    fault_ = fault::malformed;
  }
}

void chunk_decoder::digit(char c) {
  const int value = hex_value(c);
  go_if(value >= 0 && ++digits_ <= most_digits, place::size);
  left_ = left_ << 4 | static_cast<std::uint64_t>(value & 0xF);
}

void chunk_decoder::begin_data() {
  digits_ = 0;
  if (left_ == 0) {
    at_ = place::trailer_begin;
  } else if (left_ > max_body_ - body_) {
    fault_ = fault::body_too_large;
  } else {
    body_ += static_cast<std::size_t>(left_);
    at_ = place::data;
  }
}

// Behind an extension's name or value.
void chunk_decoder::after_extension(char c) {
  if (c == ';') {
    at_ = place::extension_begin;
  } else if (is_blank(c)) {
    at_ = place::extension_space;
  } else {
    go_if(c == '\r', place::size_end);
  }
}

void chunk_decoder::step(char c) {
  const bool extension = at_ >= place::extension_space && at_ <= place::extension_quoted_end;
  const bool trailer = at_ >= place::trailer_begin && at_ <= place::trailer_end;
  if ((extension || trailer) && ++framing_ > max_framing_) {
    fault_ = fault::framing_too_large;
    return;
  }
  if (extension) return step_in_extension(c);
  if (trailer) return step_in_trailer(c);
  switch (at_) {
    case place::size_begin:
      return digit(c);
    case place::size:
      if (c == ';' || is_blank(c) || c == '\r') return after_extension(c);
      return digit(c);
    case place::size_end:
      return c == '\n' ? begin_data() : go_if(false, at_);
    case place::data_cr:
      return go_if(c == '\r', place::data_lf);
    case place::data_lf:
      return go_if(c == '\n', place::size_begin);
    case place::end:
      return go_if(c == '\n', place::done);
    default:  // data comes in one piece, and behind the end nothing does
      return;
  }
}

void chunk_decoder::step_in_extension(char c) {
  switch (at_) {
    case place::extension_space:
      if (is_blank(c)) return;
      return go_if(c == ';', place::extension_begin);
    case place::extension_begin:
      if (is_blank(c)) return;
      return go_if(is_token_char(c), place::extension_name);
    case place::extension_name:
      if (is_token_char(c)) return;
      if (c == '=') return go_if(true, place::extension_value_begin);
      if (is_blank(c)) return go_if(true, place::extension_name_space);
      return after_extension(c);
    case place::extension_name_space:
      if (is_blank(c)) return;
      if (c == '=') return go_if(true, place::extension_value_begin);
      return go_if(c == ';', place::extension_begin);
    case place::extension_value_begin:
      if (is_blank(c)) return;
      if (c == '"') return go_if(true, place::extension_quoted);
      return go_if(is_token_char(c), place::extension_value);
    case place::extension_value:
      if (is_token_char(c)) return;
      return after_extension(c);
    case place::extension_quoted:
      if (c == '"') return go_if(true, place::extension_quoted_end);
      return go_if(is_field_char(c),
                   c == '\\' ? place::extension_escaped : place::extension_quoted);
    case place::extension_escaped:
      return go_if(is_field_char(c), place::extension_quoted);
    default:  // behind a quoted value
      return after_extension(c);
  }
}

void chunk_decoder::step_in_trailer(char c) {
  switch (at_) {
    case place::trailer_begin:
      if (c == '\r') return go_if(true, place::end);
      return go_if(is_token_char(c), place::trailer_name);
    case place::trailer_name:
      if (is_token_char(c)) return;
      return go_if(c == ':', place::trailer_value);
    case place::trailer_value:
      if (is_field_char(c)) return;
      return go_if(c == '\r', place::trailer_end);
    default:  // behind a CR
      return go_if(c == '\n', place::trailer_begin);
  }
}

}  // namespace longhaul::transport
