// SPDX-License-Identifier: Apache-2.0
// What the head of a request decides, before anything of its body is taken: who may ask at all
// (Host, Origin), probes, what pages are told, paths that there are not, and what the endpoint
// judges (method, caller, content type). In this order. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "transport/http_guard.hpp"
#include "transport/http_parser.hpp"
#include "transport/http_server.hpp"
#include "transport/ready_check.hpp"
#include "wire/endpoint.hpp"

namespace longhaul::transport {

struct head_verdict {
  std::optional<wire::http_reply> reply = {};  ///< null: the endpoint is to handle the request
  std::string_view content_type = "application/json";
  bool stranger = false;  ///< may not ask at all: nothing more is taken from it
};

class http_front {
 public:
  /// `options` and `endpoint` outlive this. `loopback`: the server listens on such an address.
  http_front(const http_options& options, bool loopback, wire::http_endpoint& endpoint);

  /// `request`: views of what `parser` has read; the endpoint notes there who asks. `lines`: gets
  /// the headers that every reply to this request is to have. Requires: `parser.head_done()`.
  head_verdict judge(const http_parser& parser, wire::http_request& request, bool stopping,
                     std::string& lines);
  /// Appends these headers for a request whose head was not read to its end.
  void greet_page(const http_parser& parser, std::string& lines) const;

 private:
  std::string refusal(const http_parser& parser) const;
  head_verdict probe(std::string_view path, std::string_view method, bool stopping);
  head_verdict ask_endpoint(wire::http_request& request) const;

  const http_options& options_;
  const std::string path_;
  wire::http_endpoint& endpoint_;
  const http_guard guard_;
  ready_check ready_;
};

}  // namespace longhaul::transport
