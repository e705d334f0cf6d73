// SPDX-License-Identifier: Apache-2.0
// GET /events: how things are, at once and whenever something may have changed, at most once a
// second. An event says nothing of what happened, so whoever comes again has missed nothing.
#include <boost/asio/this_coro.hpp>

#include "operator/api_call.hpp"
#include "operator/task_json.hpp"
#include "operator/tunables.hpp"

namespace longhaul::operating {
namespace {

std::string event_of(const api_call& call, const stores::counts_by_tool& counts) {
  std::string out;
  json::object body(out);
  append_counts(body.key("counts"), total_of(counts));
  body.string("state", call.server.around.engine.draining() ? "draining" : "serving");
  body.close();
  return out;
}

}  // namespace

awaitable<wire::http_reply> follow_events(api_call& call) {
  call.target.allow_only({});
  refuse_head(call);
  call.out->expect_wait();
  const auto here = co_await boost::asio::this_coro::executor;
  stream_wait wait(call.server.streams, *call.out, here);
  stores::store& store = call.server.store();
  std::string told;
  std::uint64_t seen = 0;
  while (!wait.over()) {
    // What others change is not heard of here, but their runs are seen in the numbers.
    const std::uint64_t changes = call.server.around.hour.changes();
    if (told.empty() || changes != seen || !store.exclusive()) {
      const kept_numbers::all numbers = co_await call.server.numbers.read(store);
      const bool runs = !store.exclusive() && total_of(numbers.counts).working > 0;
      std::string now = event_of(call, numbers.counts);
      if (now == told && changes == seen && !runs) now.clear();
      if (!now.empty()) {
        wire::stream_event event;
        event.id = std::to_string(changes);
        event.data = std::make_shared<const std::string>(now);
        if (call.out->send_event(std::move(event), wire::urgency::news)) {
          told = std::move(now);
          seen = changes;
        }
      }
    }
    const bool goes_on = co_await wait.pause(tunables::event_interval);
    if (!goes_on) break;
  }
  co_return wire::http_reply();
}

}  // namespace longhaul::operating
