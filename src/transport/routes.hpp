// SPDX-License-Identifier: Apache-2.0
// What there is at which path, and what the head of a request decides before anything of its body
// is taken. In this order: who may ask at all (Host, Origin), what the target names, its methods,
// and, once the caller is known, what the endpoint makes of the head.
//
// A route is a row of the table in routes.cpp. Its methods are judged here and nowhere else.
//
// Thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/http_guard.hpp"
#include "transport/http_parser.hpp"
#include "transport/http_server.hpp"
#include "transport/ready_check.hpp"
#include "wire/endpoint.hpp"

namespace longhaul::transport {

/// What a route that is no endpoint shows.
struct page {
  int status = 200;
  std::string body = {};
  std::string_view content_type = "text/plain; charset=utf-8";
};

struct route {
  std::string path;
  std::string_view methods;                      ///< as `Allow` says it
  std::function<page(bool stopping)> show = {};  ///< empty: the MCP endpoint, for known callers
};

struct head_verdict {
  std::optional<wire::http_reply> reply = {};  ///< null: the endpoint, once the caller is known
  bool stranger = false;  ///< may not ask at all: nothing more is taken from it
};

class routes {
 public:
  /// `options` and `endpoint` outlive this. `loopback`: the server listens on such an address.
  routes(const http_options& options, bool loopback, wire::http_endpoint& endpoint);

  /// `lines`: gets the headers that every reply to this request is to have. Requires:
  /// `head.head_done()`.
  head_verdict judge(const http_parser& head, bool stopping, std::string& lines) const;
  /// What the endpoint makes of a head whose caller is known. A reply: it is refused with that.
  std::optional<wire::http_reply> admit(const wire::http_request& head) const;
  /// Appends the headers of a reply to a request whose head was not read to its end.
  void greet_page(const http_parser& head, std::string& lines) const;
  /// A refusal of the transport's own.
  wire::http_reply error(int status, std::string_view message) const;

 private:
  std::string refusal(const http_parser& head) const;
  std::vector<route> all_of(const http_options& options) const;
  const route* find(std::string_view path) const;
  bool is_below(std::string_view path, std::string_view top) const;
  head_verdict refuse_method(std::string_view methods) const;
  page readiness(bool stopping) const;

  const http_options& options_;
  wire::http_endpoint& endpoint_;
  const http_guard guard_;
  const ready_check ready_;
  const std::vector<route> table_;
};

}  // namespace longhaul::transport
