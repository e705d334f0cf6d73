// SPDX-License-Identifier: Apache-2.0
// One HTTP/1.1 request from bytes (RFC 9112): keeps the body and those headers that somebody reads.
// Strict where the end of something is concerned: a line ends with CR LF, no header is folded, and
// what leaves open where a body ends is malformed. Reused from request to request. One thread.
//
// What a peer can make it hold: of the head no more than it sent, at most `max_header` (plus 48
// bytes a mirrored header, of which there are at most `tunables::mirrored_headers`); of the body no
// more than twice what it sent, at most `max_body`, paid for in `body_memory`. `reset` gives back
// what is beyond `tunables::kept_buffer`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "transport/body_memory.hpp"
#include "transport/chunk_decoder.hpp"
#include "wire/endpoint.hpp"

namespace longhaul::transport {

enum class parse_fault : std::uint8_t {
  none,
  malformed,
  header_too_large,
  body_too_large,  ///< with an announced length the head is there all the same
  no_memory,       ///< `body_memory` has no room for the body
};

class http_parser {
 public:
  /// `memory`: pays for bodies; null: nothing does. Outlives the parser.
  http_parser(std::size_t max_header, std::size_t max_body, body_memory* memory = nullptr);
  ~http_parser();
  http_parser(const http_parser&) = delete;
  http_parser& operator=(const http_parser&) = delete;

  /// Forgets the last request.
  void reset();
  /// Takes bytes of the head from the front of `bytes`; how many. What was not taken is offered
  /// again together with more. Requires: not `head_done`, no fault.
  std::size_t put_head(std::string_view bytes);
  /// The same for the whole request. Requires: not `done`, no fault.
  std::size_t put(std::string_view bytes);

  parse_fault fault() const noexcept { return fault_; }
  /// Empty lines before a request are nothing of it.
  bool begun() const noexcept { return at_ != part::request_line; }
  bool head_done() const noexcept { return at_ >= part::body; }
  bool done() const noexcept { return at_ == part::done; }
  /// HTTP/1.1 and not `Connection: close`. HTTP/1.0 connections always end with the reply.
  bool keep_alive() const noexcept { return http_1_1_ && !close_; }
  bool wants_continue() const noexcept { return wants_continue_; }
  /// Of the body that was announced; null: nobody knows. Requires: `head_done`.
  std::optional<std::uint64_t> body_left() const noexcept;
  /// Of the body nothing is kept from now on.
  void drop_body() noexcept;

  std::string_view method() const noexcept { return at(method_); }
  std::string_view target() const noexcept { return at(target_); }
  /// Absent: null data, as for the next ones.
  std::string_view host() const noexcept { return at(host_); }
  std::string_view origin() const noexcept { return at(origin_); }
  /// What a browser asks for before a request of a page.
  std::string_view requested_headers() const noexcept {
    return at(first_[requested_headers_of_page]);
  }
  std::string_view private_network() const noexcept { return at(first_[private_network_of_page]); }
  bool several_hosts() const noexcept { return several_hosts_; }
  bool several_origins() const noexcept { return several_origins_; }
  /// Views of this parser's memory, until `reset`. Requires: `head_done`.
  wire::http_request request(std::string_view peer_address);
  /// Whoever takes it pays for it.
  std::string take_body();
  /// Bytes that are held, beside the object itself.
  std::size_t held() const noexcept;

 private:
  enum class part : std::uint8_t { request_line, fields, body, chunks, done };
  struct span {
    std::uint32_t offset = npos, size = 0;
    static constexpr std::uint32_t npos = ~std::uint32_t(0);
    bool there() const noexcept { return offset != npos; }
  };
  // A header that may come in parts.
  struct list {
    span first = {};
    std::string joined = {};  ///< what came in several headers
  };
  // Headers that are read. Of those before `kept_count` the first one counts and is kept.
  enum header : std::uint8_t {
    version,
    session,
    mcp_method,
    mcp_name,
    content_type,
    authorization,
    last_event_id,
    traceparent,
    requested_headers_of_page,
    private_network_of_page,
    kept_count,
    host_header = kept_count,
    origin_header,
    accept,
    tracestate,
    baggage,
    content_length,
    transfer_encoding,
    connection,
    expect,
    unknown,
  };

  void refuse(parse_fault fault) noexcept { fault_ = fault; }
  void take_line(std::string_view line);
  void take_request_line(std::string_view line);
  void take_field(std::string_view line);
  static header header_named(std::string_view name) noexcept;
  void take_header(header which, std::string_view value);
  void take_once(header which, std::string_view value);
  void take_list(list& which, std::string_view value);
  void take_param(std::string_view name, std::string_view value);
  void take_content_length(std::string_view value);
  void take_connection(std::string_view list);
  void end_head();
  std::size_t put_body(std::string_view bytes);
  std::size_t put_chunks(std::string_view bytes);
  bool keep_body(std::string_view bytes);
  bool make_body_room(std::size_t needed);
  void give_body_room() noexcept;

  std::string_view at(span s) const noexcept;
  span keep(std::string_view text);

  const std::size_t max_header_, max_body_;
  body_memory* const memory_;
  part at_ = part::request_line;
  parse_fault fault_ = parse_fault::none;
  bool wants_continue_ = false, several_hosts_ = false, several_origins_ = false, http_1_1_ = false,
       forwarded_ = false, close_ = false, chunked_ = false, dropping_ = false;
  std::optional<std::uint64_t> length_;
  std::size_t head_size_ = 0;
  std::string kept_;  // the text of everything below
  span method_, target_, host_, origin_;
  list accept_, tracestate_, baggage_;
  std::array<span, kept_count> first_;
  std::string_view repeated_;  // of a header
  std::vector<std::pair<span, span>> param_spans_;
  std::vector<std::pair<std::string_view, std::string_view>> params_;
  chunk_decoder chunks_;
  std::uint64_t body_left_ = 0;  // of an announced one
  std::size_t body_room_ = 0;    // that was paid for
  std::string body_;
};

}  // namespace longhaul::transport
