// SPDX-License-Identifier: Apache-2.0
// One HTTP/1.1 request from bytes: Boost.Beast's parser core, which keeps nothing but the headers
// that the wire reads. Reused from request to request. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/endpoint.hpp"

namespace longhaul::transport {

enum class parse_fault : std::uint8_t { none, malformed, header_too_large, body_too_large };

class http_parser {
 public:
  http_parser(std::size_t max_header, std::size_t max_body);
  ~http_parser();
  http_parser(const http_parser&) = delete;
  http_parser& operator=(const http_parser&) = delete;

  /// Forgets the last request.
  void reset();
  /// Takes bytes of the request from the front of `bytes`; how many. Bytes that were not taken are
  /// offered again together with more.
  std::size_t put(std::string_view bytes);

  parse_fault fault() const noexcept { return fault_; }
  bool head_done() const noexcept;
  bool done() const noexcept;
  /// HTTP/1.1 and not `Connection: close`. HTTP/1.0 connections always end with the reply.
  bool keep_alive() const noexcept;
  bool wants_continue() const noexcept { return wants_continue_; }

  std::string_view method() const noexcept { return at(method_); }
  std::string_view target() const noexcept { return at(target_); }
  /// Absent: null data.
  std::string_view host() const noexcept { return at(host_); }
  std::string_view origin() const noexcept { return at(origin_); }
  bool several_hosts() const noexcept { return several_hosts_; }
  bool several_origins() const noexcept { return several_origins_; }
  /// Views of this parser's memory, until `reset`. Requires: `done`.
  wire::http_request request(std::string_view peer_address);
  std::string take_body() { return std::move(body_); }

 private:
  class core;
  struct span {
    std::size_t offset = npos, size = 0;
    static constexpr std::size_t npos = ~std::size_t(0);
  };

  std::string_view at(span s) const noexcept;
  span keep(std::string_view text);
  void keep_header(std::string_view name, std::string_view value);
  void keep_once(span& where, std::string_view name, std::string_view value);

  const std::size_t max_header_, max_body_;
  std::unique_ptr<core> core_;
  parse_fault fault_ = parse_fault::none;
  bool wants_continue_ = false, several_hosts_ = false, several_origins_ = false, http_1_1_ = false;
  std::string kept_;  // the text of everything below
  span method_, target_, host_, origin_, version_, session_, mcp_method_, mcp_name_, content_type_,
      accept_, authorization_, last_event_id_;
  std::vector<std::pair<span, span>> param_spans_;
  std::vector<std::pair<std::string_view, std::string_view>> params_;
  std::string repeated_;
  std::string body_;
};

}  // namespace longhaul::transport
