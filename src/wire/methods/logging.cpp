// SPDX-License-Identifier: Apache-2.0
// `logging/setLevel` of sessions. Requests that stand alone name a level each, in their `_meta`.
// Server utilities "Logging".
#include "wire/method_table.hpp"
#include "wire/notifications.hpp"
#include "wire/refusals.hpp"
#include "wire/result_writer.hpp"

namespace longhaul::wire {
namespace {

bool has_logging(const serving::dispatcher&, const revision_look&) { return true; }

void advertise_logging(json::object& into, const serving::dispatcher&, const revision_look&,
                       const serving::caller&) {
  into.raw("logging", "{}");
}

}  // namespace

extern const feature logging;
constexpr feature logging = {.offered = has_logging, .advertise = advertise_logging};

awaitable<wire_reply> set_log_level(context& shared, const incoming& request) {
  const auto level = parse_log_level(request.call.params["level"]);
  if (!level) {
    return at_once(
        invalid_params(request,
                       "'level' must be debug, info, notice, warning, error, critical, alert or "
                       "emergency"));
  }
  request.client->set_least_log(*level);
  return at_once(empty_result(shared, request));
}

}  // namespace longhaul::wire
