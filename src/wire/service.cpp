// SPDX-License-Identifier: Apache-2.0
#include "wire/service.hpp"

#include <algorithm>
#include <array>

#include "base/random.hpp"
#include "json/validate.hpp"
#include "json/write.hpp"
#include "longhaul/error_codes.hpp"
#include "tasks/tunables.hpp"
#include "wire/legacy.hpp"
#include "wire/modern_tasks.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {

bool open_streams::add(const std::shared_ptr<serving::exchange>& stream) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;
  // Ended ones go when the vector would grow, so each costs a constant share.
  if (streams_.size() == streams_.capacity()) {
    std::erase_if(streams_, [](const auto& weak) { return weak.expired(); });
    streams_.reserve(streams_.size() * 2 + 16);
  }
  streams_.push_back(stream);
  return true;
}

void open_streams::shut_down() {
  std::vector<std::weak_ptr<serving::exchange>> streams;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    streams.swap(streams_);
  }
  for (const auto& weak : streams) {
    if (const auto stream = weak.lock()) stream->shut_down();
  }
}

service::service(serving::dispatcher& dispatcher, const endpoint_options& options)
    : service(
          dispatcher, options,
          options.secrets.empty() ? std::vector<std::string>{random_bytes(32)} : options.secrets) {}

service::service(serving::dispatcher& dispatcher, const endpoint_options& options,
                 const std::vector<std::string>& secrets)
    : server(dispatcher),
      clock(*options.clock),
      questions(secrets),
      states(secrets),
      log(options.log) {}

bool is_urgent(const message& what) {
  return what.method == "ping" || what.method == "tasks/cancel" || what.method == "initialize";
}

wire_reply refuse_to_open(const message& what, opening why) {
  if (why == opening::in_use) {
    return {400, error_reply(what.id, code::invalid_request, "Invalid request: this id is in use")};
  }
  serving::refused busy;
  busy.why = serving::refusal::busy;
  busy.message = "too many requests are open: try again later";
  busy.retry_after = tasks::tunables::busy_retry_after;
  return {200, busy_reply(what.id, busy)};
}

malformed refuse_failure(std::string_view text, bool no_memory) {
  return no_memory ? refuse_text(text, error_codes::busy, "The server is busy: no memory is left")
                   : refuse_text(text, code::internal_error, "Internal error");
}

std::string busy_data() {
  std::string data;
  json::object o(data);
  o.integer("retryAfterMs", milliseconds(tasks::tunables::busy_retry_after).count());
  o.close();
  return data;
}

bool takes_array(const session& of, json::value batch) {
  std::size_t count = 0;
  for (json::elements e(batch); e.next();) ++count;
  return of.dialect().looks().batches && count > 0 && count <= tunables::batch_messages;
}

std::optional<std::vector<stores::response>> read_responses(json::value responses) {
  if (!responses.is(json::kind::object)) return std::nullopt;
  std::vector<stores::response> read;
  std::size_t count = 0;
  for (json::members m(responses); m.next();) {
    if (++count > tunables::responses) return std::nullopt;
    if (!m.value().is(json::kind::object)) continue;
    read.push_back({std::string(m.key()), keep(m.value())});
  }
  return read;
}

raw_json keep(json::value value) {
  if (!value) return {};
  return raw_json::trusted(json::without_line_breaks(value.raw()));
}

raw_json keep_meta(json::value meta) {
  constexpr std::array<std::string_view, 4> used = {"progressToken", "traceparent", "tracestate",
                                                    "baggage"};
  if (!meta.is(json::kind::object)) return {};
  std::string kept;
  for (const std::string_view name : used) {
    const json::value member = meta[name];
    const std::size_t more = name.size() + member.raw().size() + 4;
    if (!member || kept.size() + more > tunables::kept_meta) continue;
    kept += kept.empty() ? '{' : ',';
    json::append_string(kept, name);
    kept += ':';
    kept += json::without_line_breaks(member.raw());
  }
  if (kept.empty()) return {};
  kept += '}';
  return raw_json::trusted(std::move(kept));
}

std::optional<std::string> read_idempotency_key(const request_meta& meta,
                                                const serving::caller& who,
                                                std::string_view& fault) {
  if (!meta.idempotency_key) return std::string();
  auto key = meta.idempotency_key.string();
  if (!key || key->empty() || key->size() > tunables::idempotency_key_length) {
    fault = "Invalid params: 'longhaul.dev/idempotency-key' must be a string of 1 to 256 bytes";
    return std::nullopt;
  }
  if (!who.identified && key->size() < tunables::anonymous_key_length) {
    fault =
        "Invalid params: 'longhaul.dev/idempotency-key' of an unidentified caller must have at "
        "least 22 characters, because whoever guesses it is given the task";
    return std::nullopt;
  }
  return key;
}

void stream_audience::waiting() {
  if (in_.wait_announced || in_.pipe) return;
  in_.wait_announced = true;
  if (!in_.streams) in_.out->only_reply();
  in_.out->expect_wait();
}

bool stream_audience::send(std::string text) {
  return !in_.streams || in_.out->send(std::move(text));
}

gone_watch::gone_watch(const incoming& in, const std::shared_ptr<serving::exchange>& exchange)
    : out_(in.pipe ? nullptr : in.out.get()) {
  if (out_ == nullptr) return;
  out_->on_gone([weak = std::weak_ptr(exchange)] {
    if (const auto open = weak.lock()) open->abandon();
  });
}

gone_watch::~gone_watch() {
  if (out_ != nullptr) out_->on_gone({});
}

}  // namespace longhaul::wire
