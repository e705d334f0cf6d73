// SPDX-License-Identifier: Apache-2.0
#include "wire/notifications.hpp"

#include <array>

#include "json/write.hpp"

namespace longhaul::wire {
namespace {

constexpr std::array<std::string_view, 8> level_names = {
    "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"};

void append_meta(json::object& params, std::string_view members) {
  if (members.empty()) return;
  std::string& out = params.key("_meta");
  out += '{';
  out += members;
  out += '}';
}

}  // namespace

std::string progress_message(json::value token, const tasks::progress_event& event,
                             std::string_view meta) {
  std::string out;
  out.reserve(160 + event.message.size() + meta.size());
  out += R"({"jsonrpc":"2.0","method":"notifications/progress","params":)";
  json::object params(out);
  params.raw("progressToken", token.raw()).number("progress", event.state.done);
  if (event.state.total) params.number("total", *event.state.total);
  if (!event.message.empty()) params.string("message", event.message);
  append_meta(params, meta);
  params.close();
  out += '}';
  return out;
}

std::string log_message(const tasks::log_event& event) {
  std::string out;
  begin_notification(out, "notifications/message", event.message.size() + 64);
  out += R"("level":)";
  json::append_string(out, to_string(event.level));
  out += R"(,"data":)";
  json::append_string(out, event.message);
  out += "}}";
  return out;
}

std::string list_changed_message(serving::list_kind kind, std::string_view meta) {
  constexpr std::array<std::string_view, serving::list_kinds> lists = {"tools", "prompts",
                                                                       "resources"};
  std::string out = R"({"jsonrpc":"2.0","method":"notifications/)";
  out += lists.at(static_cast<std::size_t>(kind));
  out += R"(/list_changed")";
  if (!meta.empty()) {
    out += R"(,"params":)";
    json::object params(out);
    append_meta(params, meta);
    params.close();
  }
  out += '}';
  return out;
}

std::string resource_updated_message(std::string_view uri, std::string_view meta) {
  std::string out = R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":)";
  json::object params(out);
  params.string("uri", uri);
  append_meta(params, meta);
  params.close();
  out += '}';
  return out;
}

std::string_view to_string(log_level level) noexcept {
  return level_names[static_cast<std::size_t>(level)];
}

std::optional<log_level> parse_log_level(json::value name) {
  for (std::size_t i = 0; i < level_names.size(); ++i) {
    if (name.equals(level_names[i])) return static_cast<log_level>(i);
  }
  return std::nullopt;
}

void stream_audience::waiting() {
  if (request_.wait_announced || request_.http == nullptr) return;
  request_.wait_announced = true;
  if (!request_.streams) request_.out->only_reply();
  request_.out->expect_wait();
}

bool stream_audience::send(std::string text) {
  return !request_.streams || request_.out->send(std::move(text));
}

gone_watch::gone_watch(const incoming& request, const std::shared_ptr<serving::exchange>& exchange)
    : out_(request.http == nullptr ? nullptr : request.out.get()) {
  if (out_ == nullptr) return;
  out_->on_gone([weak = std::weak_ptr(exchange)] {
    if (const auto mailbox = weak.lock()) mailbox->lose();
  });
}

gone_watch::~gone_watch() {
  if (out_ != nullptr) out_->on_gone({});
}

}  // namespace longhaul::wire
