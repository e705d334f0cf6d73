// SPDX-License-Identifier: Apache-2.0
// The chunked transfer coding of RFC 9112 §7.1: which bytes are body, and where it ends. Sizes,
// extensions and trailers are read byte by byte and kept nowhere; each byte must be one that stands
// there by the grammar, because a proxy that reads a line's end elsewhere would see other requests.
//
//   size ──► (extensions) ──► data ──► size … ──► size 0 ──► (trailers) ──► done
//
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace longhaul::transport {

class chunk_decoder {
 public:
  enum class fault : std::uint8_t { none, malformed, framing_too_large, body_too_large };

  /// `max_framing`: bytes of all extensions and trailers together. `max_body`: of all chunks.
  chunk_decoder(std::size_t max_framing, std::size_t max_body)
      : max_framing_(max_framing), max_body_(max_body) {}

  /// Forgets the last body.
  void reset() noexcept;
  /// Takes bytes from the front, up to the end of a piece of data, of the body, or of `bytes`; how
  /// many. `data`: those of them that belong to the body. Requires: not `done`, no fault.
  std::size_t take(std::string_view bytes, std::string_view& data);

  bool done() const noexcept { return at_ == place::done; }
  fault failed() const noexcept { return fault_; }

 private:
  enum class place : std::uint8_t {
    size_begin,
    size,
    size_end,  // after CR
    extension_space,
    extension_begin,
    extension_name,
    extension_name_space,
    extension_value_begin,
    extension_value,
    extension_quoted,
    extension_escaped,
    extension_quoted_end,
    data,
    data_cr,
    data_lf,
    trailer_begin,
    trailer_name,
    trailer_value,
    trailer_end,  // after CR
    end,          // after the last CR
    done,
  };

  void step(char c);
  void step_in_extension(char c);
  void step_in_trailer(char c);
  void begin_data();
  void after_extension(char c);
  void go_if(bool allowed, place next) noexcept;
  void digit(char c);

  const std::size_t max_framing_, max_body_;
  place at_ = place::size_begin;
  fault fault_ = fault::none;
  unsigned digits_ = 0;
  std::uint64_t left_ = 0;  // of the chunk
  std::size_t framing_ = 0, body_ = 0;
};

}  // namespace longhaul::transport
