// SPDX-License-Identifier: Apache-2.0
#include "transport/routes.hpp"

#include <exception>
#include <utility>

#include "transport/http_cors.hpp"
#include "transport/http_reply.hpp"
#include "transport/http_syntax.hpp"
#include "transport/http_target.hpp"

namespace longhaul::transport {
namespace {

constexpr std::string_view page_methods = "GET, HEAD, OPTIONS";

head_verdict answered(wire::http_reply reply) {
  head_verdict verdict;
  verdict.reply = std::move(reply);
  return verdict;
}

head_verdict options_reply(std::string_view methods) {
  wire::http_reply reply;
  reply.status = 204;
  reply.allow = methods;
  return answered(std::move(reply));
}

bool is_one_of(std::string_view method, std::string_view methods) {
  bool found = false;
  each_element(methods, [&](std::string_view one) { found = found || one == method; });
  return found;
}

// "GET and HEAD": OPTIONS is nothing that anybody needs to be told.
std::string in_words(std::string_view methods) {
  std::string words;
  each_element(methods, [&](std::string_view one) {
    if (one == "OPTIONS") return;
    if (!words.empty()) words += " and ";
    words += one;
  });
  return words;
}

head_verdict shown(page content) {
  wire::http_reply reply;
  reply.status = content.status;
  reply.body = std::move(content.body);
  reply.content_type = content.content_type;
  return answered(std::move(reply));
}

page alive(bool) { return {.body = "ok\n"}; }

}  // namespace

// The endpoint stands first.
std::vector<route> routes::all_of(const http_options& options) const {
  std::vector<route> all = {
      {std::string(read_target(options.path).path), options.methods},
      {"/healthz", page_methods, alive},
      {"/readyz", page_methods, [this](bool stopping) { return readiness(stopping); }},
  };
  for (const static_page& one : options.pages) {
    all.push_back({std::string(one.path), page_methods, [one](bool) {
                     return page{.body = std::string(one.body), .content_type = one.content_type};
                   }});
  }
  return all;
}

routes::routes(const http_options& options, bool loopback, wire::http_endpoint& endpoint)
    : options_(options),
      endpoint_(endpoint),
      guard_({loopback, options.tls != nullptr, options.own_pages}, options.hosts, options.origins),
      ready_(options.not_ready, options.log),
      table_(all_of(options)) {}

wire::http_reply routes::error(int status, std::string_view message) const {
  if (!options_.error_body) return error_reply(status, message);
  wire::http_reply reply;
  reply.status = status;
  reply.body = options_.error_body(status, message);
  return reply;
}

head_verdict routes::refuse_method(std::string_view methods) const {
  wire::http_reply reply = error(405, "This endpoint takes " + in_words(methods));
  reply.allow = methods;
  return answered(std::move(reply));
}

page routes::readiness(bool stopping) const {
  const std::string cause = stopping ? "shutting down" : ready_.cause();
  if (cause.empty()) return {.body = "ready\n"};
  return {.status = 503, .body = cause + "\n"};
}

const route* routes::find(std::string_view path) const {
  for (const route& row : table_) {
    const bool waits = options_.whole_tree && &row == &table_.front();  // the others go first
    if (row.path == path && !waits) return &row;
  }
  return is_below(path, table_.front().path) ? &table_.front() : nullptr;
}

bool routes::is_below(std::string_view path, std::string_view top) const {
  if (!options_.whole_tree || !path.starts_with(top)) return false;
  const std::string_view rest = path.substr(top.size());
  return rest.empty() || top.ends_with('/') || rest.starts_with('/');
}

// Empty: who sent this may ask. The host of an absolute target counts instead of the header.
std::string routes::refusal(const http_parser& head) const {
  if (head.several_hosts()) return "there is more than one Host header";
  if (head.several_origins()) return "there is more than one Origin header";
  const std::string_view authority = read_target(head.target()).authority;
  return guard_.refusal(authority.data() ? authority : head.host(), head.origin());
}

void routes::greet_page(const http_parser& head, std::string& lines) const {
  lines += options_.reply_lines;
  if (head.origin().data() && refusal(head).empty()) append_page_headers(lines, head.origin());
}

head_verdict routes::judge(const http_parser& head, bool stopping, std::string& lines) const {
  lines += options_.reply_lines;
  if (const std::string why = refusal(head); !why.empty()) {
    head_verdict verdict = answered(error(403, why));
    verdict.stranger = true;
    return verdict;
  }
  const bool of_page = head.origin().data() != nullptr;
  if (of_page) append_page_headers(lines, head.origin());
  const http_target target = read_target(head.target());
  if (!target.valid) return answered(error(400, "the target of the request names no host"));
  const bool asks_options = head.method() == "OPTIONS";
  // `OPTIONS *` asks about the server as a whole.
  const bool everything = asks_options && target.path == "*";
  const route* const found = everything ? &table_.front() : find(target.path);
  if (found == nullptr) {
    return answered(
        error(404, "there is nothing here; the MCP endpoint is " + table_.front().path));
  }
  if (asks_options) {
    // Before the caller is looked at: browsers ask this without a key.
    if (of_page) {
      append_preflight_headers(lines, found->methods, head.requested_headers(),
                               head.private_network());
    }
    return options_reply(found->methods);
  }
  if (!is_one_of(head.method(), found->methods)) return refuse_method(found->methods);
  return found->show ? shown(found->show(stopping)) : head_verdict();
}

std::optional<wire::http_reply> routes::admit(const wire::http_request& head) const {
  try {
    return endpoint_.admit(head);
  } catch (const std::exception& e) {
    options_.log.error("request.failed", e.what());
    return error(500, "the server failed at this request");
  }
}

}  // namespace longhaul::transport
