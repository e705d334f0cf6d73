// SPDX-License-Identifier: Apache-2.0
// How the request of a call is sent, and sent again where that is one piece of work all the same.
#include "client/call_driver.hpp"

#include <algorithm>
#include <utility>

#include "client/back_off.hpp"
#include "client/tunables.hpp"
#include "longhaul/error_codes.hpp"
#include "protocol/era.hpp"
#include "protocol/jsonrpc.hpp"

namespace longhaul {

using kind = client_error::kind;
using namespace remote;  // this is its front

awaitable<raw_json> call_driver::ask_for_call(const raw_json& params, asking how) {
  std::optional<client_error> mismatch;
  std::optional<request_error> lost;
  how.headers = server_->mirrored(tool_, arguments_);
  how.first_sent = server_->sent_now();
  try {
    co_return co_await request_call(params, how, lost);
  } catch (const client_error& e) {
    const bool headers = server_->stateless() && e.why() == kind::refused &&
                         e.code() == protocol::code::header_mismatch;
    if (!headers) throw;
    mismatch = e;
  }
  // The tool wants other arguments in headers than was known: its schema says which.
  co_await server_->tool(tool_, true, waiting_);
  header_list wanted = server_->mirrored(tool_, arguments_);
  if (wanted == how.headers) throw client_error(*mismatch);
  how.headers = std::move(wanted);
  co_return co_await request_call(params, how, lost);
}

// Where the server knows our key, what was lost is sent again: it is one piece of work all the
// same. `how` and `lost` remember that it was.
awaitable<raw_json> call_driver::request_call(const raw_json& params, asking& how,
                                              std::optional<request_error>& lost) {
  using clock = std::chrono::steady_clock;
  back_off pause(server_->context(), tunables::longest_repeat_pause);
  clock::time_point until = clock::now() + tunables::repeat_time;
  std::optional<milliseconds> wished;
  for (;;) {
    const auto sent = clock::now();
    raw_json result;
    bool known = true;
    std::optional<request_error> failed;
    try {
      if (lost) co_await pause.wait(waiting_, wished);
      if (lost) server_->doubt();
      if (lost) co_await server_->ready(waiting_);
      known = !lost || !server_->sent_now().empty();  // it may be another server by now
      if (known && !how.first_sent.empty()) {
        sent_.emplace(params, how);
        sent_->second.who.reset();  // it is this
      }
      if (known) result = co_await send_call(params, how);
    } catch (const client_error& e) {
      failed.emplace(e);
    }
    if (!known) throw request_error(*lost);
    if (!failed) {
      set_connected(true);
      co_return result;
    }
    const bool can = lost || !how.first_sent.empty();
    const bool was_there = failed->why() == kind::lost && !failed->by_http &&
                           clock::now() - sent > tunables::repeat_time;
    if (!lost || was_there) until = clock::now() + tunables::repeat_time;
    if (!can || !may_send_again(*failed, lost.has_value()) || clock::now() >= until) {
      throw request_error(after_loss(lost, *failed));
    }
    if (!lost) {
      lost = failed;
      how.meta.emplace_back(protocol::first_sent_key, std::exchange(how.first_sent, {}));
    }
    wished = std::min(failed->retry_after.value_or(milliseconds(0)),
                      std::chrono::duration_cast<milliseconds>(until - clock::now()));
    set_connected(false);
  }
}

bool call_driver::may_send_again(const request_error& failed, bool was_lost) const {
  if (leaves()) return false;
  if (failed.why() == kind::lost) return true;
  return was_lost && (failed.why() == kind::unreachable || is_busy(failed));
}

namespace {

// Of a call that was sent again: nothing about the one before it.
bool says_nothing_of_the_work(const client_error& e) {
  namespace code = protocol::code;
  return e.why() != kind::refused || e.code() == error_codes::not_repeatable ||
         e.code() == error_codes::declined || e.code() == error_codes::busy ||
         (e.code() <= code::invalid_request && e.code() >= code::invalid_params) ||
         e.code() == code::missing_capability || e.code() == code::unsupported_version;
}

}  // namespace

// What is told where sending it again has failed too: that it may have been carried out.
request_error call_driver::after_loss(const std::optional<request_error>& lost,
                                      const request_error& failed) const {
  if (!lost || !says_nothing_of_the_work(failed)) return failed;
  {
    const std::lock_guard guard(mutex_);
    if (failed.why() == kind::left && late_) return failed;
  }
  if (failed.why() == kind::left || failed.why() == kind::lost) return *lost;
  return {*lost, std::string(lost->what()) + "; sent again: " + failed.what()};
}

void call_driver::set_connected(bool connected) {
  {
    const std::lock_guard lock(mutex_);
    if (state_.connected == connected) return;
    state_.connected = connected;
  }
  tell();
}

// A key that the user chose may be that of another caller as well, who still waits.
bool call_driver::may_say_farewell() const {
  if (!sent_ || !options_.idempotency_key.empty()) return false;
  if (!server_->over_http() || server_->closed()) return false;
  const std::lock_guard lock(mutex_);
  return wish_ != wish::leave;
}

// The end of a connection does not end a call that may be sent again: a message does. True: it has.
awaitable<bool> call_driver::say_farewell() {
  const auto [params, how] = *std::exchange(sent_, std::nullopt);
  const raw_json at = raw_json::trusted(how.first_sent);
  const raw_json cancelled = with_members(at, {{"cancelled", "true"}});
  asking farewell;
  farewell.tasks = how.tasks;
  farewell.meta = how.meta;
  farewell.headers = how.headers;
  farewell.meta.emplace_back(protocol::first_sent_key, std::string(cancelled.view()));
  grace_.expires_after(tunables::farewell_time);
  grace_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto one = weak.lock();
    if (!error && one) one->farewell_end_.fire();
  });
  // It may overtake the call itself, which is not known yet then.
  back_off pause(server_->context());
  int said = error_codes::not_repeatable;
  while (said == error_codes::not_repeatable) {
    said = 0;
    try {
      co_await server_->request("tools/call", params, farewell, farewell_end_);
    } catch (const client_error& e) {
      if (e.why() == kind::refused) said = e.code();
    }
    if (said != error_codes::not_repeatable) break;
    try {
      co_await pause.wait(farewell_end_, std::nullopt);
    } catch (const client_error&) {  // the time is over
      break;
    }
  }
  grace_.cancel();
  co_return said == error_codes::cancelled;
}

awaitable<raw_json> call_driver::send_call(const raw_json& params, asking how) {
  may_become_task_ = wants_task_;
  raw_json result;
  std::optional<request_error> failed;
  try {
    result = co_await server_->request("tools/call", params, std::move(how), waiting_);
  } catch (const client_error& e) {
    failed.emplace(e);
  }
  may_become_task_ = false;
  grace_.cancel();
  if (failed) throw request_error(*failed);
  co_return result;
}

}  // namespace longhaul
