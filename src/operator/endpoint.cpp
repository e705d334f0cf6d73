// SPDX-License-Identifier: Apache-2.0
#include "operator/endpoint.hpp"

#include <array>
#include <optional>

#include "operator/routes.hpp"

namespace longhaul::operating {
namespace {

using wire::http_reply;

http_reply refusal(int status, std::string_view message, std::string_view hint = {}) {
  http_reply reply;
  reply.status = status;
  reply.body = error_body(status, message, hint);
  return reply;
}

http_reply refusal(const api_error& e) { return refusal(e.status(), e.what(), e.hint()); }

}  // namespace

std::string_view reply_lines() noexcept {
  return "Content-Security-Policy: default-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
         "form-action 'none'\r\n"
         "X-Content-Type-Options: nosniff\r\n"
         "X-Frame-Options: DENY\r\n"
         "Referrer-Policy: no-referrer\r\n"
         "Cache-Control: no-store\r\n";
}

wire::http_reply json_reply(std::string body) {
  wire::http_reply reply;
  reply.body = std::move(body);
  return reply;
}

void refuse_head(const api_call& call) {
  if (call.head.method == "HEAD") throw api_error(405, "this is a stream: GET it");
}

void api_call::note(std::string_view verb, std::string_view on, std::string_view outcome) const {
  server.trail.note({server.store().now().wall, std::string(who()), std::string(verb),
                     std::string(on), std::string(outcome)});
}

std::optional<http_reply> endpoint::admit(const wire::http_request& head) {
  try {
    const api_target target = read_target(head.target);
    const found_route found = find_route(target, head.method);
    if (found.reply_allow) {
      http_reply reply = refusal(405, "this route takes " + *found.reply_allow);
      reply.allow = *found.reply_allow;
      return reply;
    }
    if (found.taken == nullptr) {
      return refusal(404, "there is nothing at " + std::string(head.target));
    }
    if (found.taken->needs == role::act && state_.who_may->role_of(*head.caller) != role::act) {
      return refusal(403, "this key may only read",
                     "use a key with role = \"act\" for what changes anything");
    }
    return std::nullopt;
  } catch (const api_error& e) {
    return refusal(e);
  }
}

wire::awaitable<http_reply> endpoint::handle(const wire::http_request& request, std::string body,
                                             std::shared_ptr<wire::outlet> out) {
  std::optional<http_reply> refused;
  try {
    const api_target target = read_target(request.target);
    const found_route found = find_route(target, request.method);
    api_call call{state_, request, target, found.subject, std::move(body), std::move(out)};
    co_return co_await found.taken->answer(call);
  } catch (const api_error& e) {
    refused = refusal(e);
  } catch (const stores::store_error& e) {
    state_.around.log.error("operator.failed", e.what());
    refused = refusal(503, "the store failed: " + e.reason(), "try again in a moment");
  }
  co_return *std::move(refused);
}

}  // namespace longhaul::operating
