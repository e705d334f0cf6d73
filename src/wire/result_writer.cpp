// SPDX-License-Identifier: Apache-2.0
#include "wire/result_writer.hpp"

#include <utility>

namespace longhaul::wire {
namespace {

wire_reply begun(json::value id, std::size_t size_hint) {
  wire_reply reply;
  begin_result(reply.body, id, size_hint);
  return reply;
}

}  // namespace

result_writer::result_writer(const context& shared, const incoming& request, std::size_t size_hint,
                             std::string_view kind)
    : shared_(shared),
      request_(request),
      reply_(begun(request.call.id,
                   size_hint + (request.look.stateless ? shared.server_meta.size() + 64 : 0))),
      members_(reply_.body) {
  if (request.look.stateless) members_.string("resultType", kind);
}

void result_writer::caching(milliseconds fresh, bool for_everybody) {
  if (!request_.look.stateless) return;
  members_.integer("ttlMs", fresh.count());
  members_.string("cacheScope", for_everybody ? "public" : "private");
}

wire_reply result_writer::end() {
  if (request_.look.stateless) {
    std::string& out = members_.key("_meta");
    out += '{';
    out += shared_.server_meta;
    out += '}';
  }
  members_.close();
  end_message(reply_.body);
  return std::move(reply_);
}

wire_reply empty_result(const context& shared, const incoming& request) {
  return result_writer(shared, request, 0).end();
}

}  // namespace longhaul::wire
