// SPDX-License-Identifier: Apache-2.0
// One HTTP request as its endpoint sees it, without a socket: headers by name, a body, a caller.
//
// Threads: any.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "auth/caller.hpp"
#include "testing/stream.hpp"
#include "wire/endpoint.hpp"

namespace longhaul::testkit {

/// Names in any case.
using header_list = std::vector<std::pair<std::string, std::string>>;

struct http_call {
  std::string method = "POST";
  header_list headers = {};
  std::string body = {};
  auth::caller who = {};
};

/// Hands it to the endpoint, on `context`; what is answered comes out of `out`, the reply last.
void send_http(boost::asio::io_context& context, wire::http_endpoint& endpoint, http_call call,
               const std::shared_ptr<stream>& out);

/// The headers that belong to a message that stands alone (MCP 2026-07-28, "Standard Headers").
/// `body` is a message, or anything else, of which nothing is known.
header_list stateless_headers(const std::string& body);

}  // namespace longhaul::testkit
