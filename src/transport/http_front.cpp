// SPDX-License-Identifier: Apache-2.0
#include "transport/http_front.hpp"

#include <exception>
#include <utility>

#include "transport/http_cors.hpp"
#include "transport/http_reply.hpp"
#include "transport/http_target.hpp"

namespace longhaul::transport {
namespace {

constexpr std::string_view probe_methods = "GET, HEAD, OPTIONS";

head_verdict answered(wire::http_reply reply) {
  head_verdict verdict;
  verdict.reply = std::move(reply);
  return verdict;
}

wire::http_reply options_reply(std::string_view methods) {
  wire::http_reply reply;
  reply.status = 204;
  reply.allow = methods;
  return reply;
}

bool is_probe(std::string_view path) { return path == "/healthz" || path == "/readyz"; }

}  // namespace

http_front::http_front(const http_options& options, bool loopback, wire::http_endpoint& endpoint)
    : options_(options),
      path_(read_target(options.path).path),
      endpoint_(endpoint),
      guard_(loopback, options.hosts, options.origins),
      ready_(options.not_ready, options.log) {}

// Empty: who sent this may ask. The host of an absolute target counts instead of the header.
std::string http_front::refusal(const http_parser& parser) const {
  if (parser.several_hosts()) return "there is more than one Host header";
  if (parser.several_origins()) return "there is more than one Origin header";
  const std::string_view authority = read_target(parser.target()).authority;
  return guard_.refusal(authority.data() ? authority : parser.host(), parser.origin());
}

void http_front::greet_page(const http_parser& parser, std::string& lines) const {
  if (parser.origin().data() && refusal(parser).empty()) {
    append_page_headers(lines, parser.origin());
  }
}

head_verdict http_front::judge(const http_parser& parser, wire::http_request& request,
                               bool stopping, std::string& lines) {
  if (const std::string why = refusal(parser); !why.empty()) {
    head_verdict verdict = answered(error_reply(403, why));
    verdict.stranger = true;
    return verdict;
  }
  const bool of_page = parser.origin().data() != nullptr;
  if (of_page) append_page_headers(lines, parser.origin());
  const http_target target = read_target(parser.target());
  if (!target.valid) return answered(error_reply(400, "the target of the request names no host"));
  const bool asks_options = request.method == "OPTIONS";
  const bool everything = asks_options && target.path == "*";
  const bool to_endpoint = target.path == path_ || everything;
  if (!to_endpoint && !is_probe(target.path)) {
    return answered(error_reply(404, "there is nothing here; the MCP endpoint is " + path_));
  }
  if (asks_options) {
    // Before the caller is looked at: browsers ask this without a key.
    const std::string_view methods = to_endpoint ? wire::http_methods : probe_methods;
    if (of_page) {
      append_preflight_headers(lines, methods, parser.requested_headers(),
                               parser.private_network());
    }
    return answered(options_reply(methods));
  }
  return to_endpoint ? ask_endpoint(request) : probe(target.path, request.method, stopping);
}

head_verdict http_front::probe(std::string_view path, std::string_view method, bool stopping) {
  if (method != "GET" && method != "HEAD") {
    wire::http_reply reply = error_reply(405, "probes take GET and HEAD");
    reply.allow = probe_methods;
    return answered(std::move(reply));
  }
  wire::http_reply reply;
  if (path == "/healthz") {
    reply.body = "ok\n";
  } else {
    const std::string cause = stopping ? "shutting down" : ready_.cause();
    reply.status = cause.empty() ? 200 : 503;
    reply.body = (cause.empty() ? "ready" : cause) + "\n";
  }
  head_verdict verdict = answered(std::move(reply));
  verdict.content_type = "text/plain; charset=utf-8";
  return verdict;
}

head_verdict http_front::ask_endpoint(wire::http_request& request) const {
  head_verdict verdict;
  try {
    verdict.reply = endpoint_.admit(request);
  } catch (const std::exception& e) {
    options_.log.error("request.failed", e.what());
    verdict.reply = error_reply(500, "the server failed at this request");
  }
  return verdict;
}

}  // namespace longhaul::transport
