// SPDX-License-Identifier: Apache-2.0
#include "telemetry/span_ids.hpp"

#include <algorithm>
#include <string_view>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "json/view.hpp"
#include "longhaul/trace_context.hpp"
#include "telemetry/tunables.hpp"

namespace longhaul::telemetry {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::size_t trace_at = 3, parent_at = 36, flags_at = 53;  // in a traceparent

// Requires: hex digits.
std::uint64_t read_hex(std::string_view text) noexcept {
  std::uint64_t result = 0;
  for (const char c : text) {
    const int digit = is_digit(c) ? c - '0' : to_lower(c) - 'a' + 10;
    result = (result << 4U) | static_cast<std::uint64_t>(digit);
  }
  return result;
}

void put_big_endian(std::uint64_t number, std::uint8_t* to) noexcept {
  for (int i = 7; i >= 0; --i, number >>= 8U) to[i] = static_cast<std::uint8_t>(number);
}

std::uint64_t big_endian(const std::uint8_t* from) noexcept {
  std::uint64_t result = 0;
  for (int i = 0; i < 8; ++i) result = (result << 8U) | from[i];
  return result;
}

// The finalizer of SplitMix64: each bit of the result depends on each of the number.
std::uint64_t mixed(std::uint64_t number) noexcept {
  number = (number ^ (number >> 30U)) * 0xbf58476d1ce4e5b9U;
  number = (number ^ (number >> 27U)) * 0x94d049bb133111ebU;
  return number ^ (number >> 31U);
}

// Calls `use` with the valid `traceparent`, if there is one.
template <class Use>
void with_traceparent(const task_origin& task, Use use) {
  // Most have none, and are not read.
  if (task.request_meta.view().find("\"traceparent\"") == std::string_view::npos) return;
  const json::value sent = json::value(task.request_meta)["traceparent"];
  std::string_view text = sent.raw();
  if (text.size() < 2 || text.front() != '"') return;
  text = text.substr(1, text.size() - 2);
  if (text.find('\\') == std::string_view::npos) {
    if (is_traceparent(text)) use(text);
  } else if (const auto unescaped = sent.string(); unescaped && is_traceparent(*unescaped)) {
    use(std::string_view(*unescaped));
  }
}

std::uint8_t flags_in(std::string_view traceparent) noexcept {
  return static_cast<std::uint8_t>(read_hex(traceparent.substr(flags_at, 2)));
}

}  // namespace

std::optional<std::uint8_t> caller_flags_of(const task_origin& task) {
  std::optional<std::uint8_t> result;
  with_traceparent(task, [&](std::string_view text) { result = flags_in(text); });
  return result;
}

std::optional<caller_trace> caller_trace_of(const task_origin& task) {
  std::optional<caller_trace> result;
  with_traceparent(task, [&](std::string_view text) {
    result.emplace();
    put_big_endian(read_hex(text.substr(trace_at, 16)), result->trace.data());
    put_big_endian(read_hex(text.substr(trace_at + 16, 16)), result->trace.data() + 8);
    result->parent = read_hex(text.substr(parent_at, 16));
    result->flags = flags_in(text);
    auto state = json::value(task.request_meta)["tracestate"].string();
    if (state && state->size() <= tunables::longest_state) result->state = std::move(*state);
  });
  return result;
}

span_ids::span_ids(const task_origin& task) : caller_(caller_trace_of(task)) {
  const digest made = sha256("longhaul trace " + task.id);
  first_ = big_endian(made.data() + 16);
  second_ = big_endian(made.data() + 24);
  if (caller_) {
    trace_ = caller_->trace;
  } else {
    std::copy_n(made.begin(), trace_.size(), trace_.begin());
    if (trace_ == trace_id{}) trace_.back() = 1;  // zeros are no id
  }
}

span_id span_ids::of_span(span_kind kind, std::uint64_t epoch, std::uint64_t n) const noexcept {
  std::uint64_t id = mixed(first_ + static_cast<std::uint64_t>(kind));
  id = mixed(id + epoch);
  id = mixed((id ^ second_) + n);
  return id == 0 ? 1 : id;
}

void append_hex(std::string& out, const trace_id& id) {
  std::array<char, 2 * std::tuple_size_v<trace_id>> digits{};
  for (std::size_t i = 0; i < id.size(); ++i) {
    digits[2 * i] = hex_digits[id[i] >> 4U];
    digits[2 * i + 1] = hex_digits[id[i] & 15U];
  }
  out.append(digits.data(), digits.size());
}

void append_hex(std::string& out, span_id id) {
  std::array<char, 16> digits{};
  for (std::size_t i = digits.size(); i-- > 0; id >>= 4U) digits[i] = hex_digits[id & 15U];
  out.append(digits.data(), digits.size());
}

}  // namespace longhaul::telemetry
