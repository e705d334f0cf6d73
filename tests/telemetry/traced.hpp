// SPDX-License-Identifier: Apache-2.0
// Tasks to tell of, spans as JSON, and a collector that keeps what it is sent.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/scripted_server.hpp"
#include "json/write.hpp"
#include "longhaul/stores/task_id.hpp"
#include "support/process_census.hpp"
#include "telemetry/otlp_json.hpp"
#include "telemetry/trace_settings.hpp"

namespace longhaul::test {

inline constexpr std::string_view sampled_caller =
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
inline constexpr std::string_view unsampled_caller =
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

inline timestamp this_moment() {
  return std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
}

inline std::shared_ptr<task_origin> traced_origin(std::string_view traceparent = {},
                                                  const std::string& tool = "render") {
  auto origin = std::make_shared<task_origin>();
  origin->created_at = this_moment();
  origin->id = new_task_id(origin->created_at);
  origin->owner = origin->quota = "key:alice-the-owner";
  origin->tool = tool;
  origin->arguments = raw_json::parse(R"({"secret":"an argument"})");
  if (!traceparent.empty()) {
    std::string meta;
    json::object(meta).string("traceparent", traceparent).close();
    origin->request_meta = raw_json::parse(meta);
  }
  return origin;
}

/// As an attempt begins with it.
inline task_record traced_task(std::shared_ptr<const task_origin> origin, std::uint64_t epoch = 1) {
  task_record task;
  task.origin = std::move(origin);
  task.epoch = epoch;
  task.attempt = static_cast<std::uint32_t>(epoch);
  task.updated_at = this_moment();
  return task;
}

/// As its end is told of.
inline task_record ended_task(task_record task, outcome result,
                              task_status status = task_status::completed) {
  task.status = status;
  task.ends = true;
  task.result = std::move(result);
  task.updated_at = this_moment();
  return task;
}

/// The spans of a request, whose frame is checked.
inline std::vector<boost::json::object> spans_in(const boost::json::value& request) {
  std::vector<boost::json::object> all;
  const auto& resources = request.at("resourceSpans").as_array();
  EXPECT_EQ(resources.size(), 1U);
  const auto& scopes = resources.at(0).at("scopeSpans").as_array();
  EXPECT_EQ(scopes.size(), 1U);
  EXPECT_EQ(scopes.at(0).at("scope").at("name").as_string(), "longhaul");
  for (const auto& each : scopes.at(0).at("spans").as_array()) all.push_back(each.as_object());
  return all;
}

inline std::vector<boost::json::object> json_of(const std::vector<telemetry::span>& spans,
                                                const telemetry::trace_settings& settings = {}) {
  return spans_in(boost::json::parse(telemetry::otlp_json(settings).request(spans)));
}

/// A member of a span that is a text; empty: it has none.
inline std::string member_of(const boost::json::object& span, std::string_view name) {
  const auto* const found = span.if_contains(name);
  return found == nullptr ? "" : std::string(found->as_string());
}

/// The attributes of a span or a resource, numbers as they are written.
inline std::map<std::string, std::string> attributes_of(const boost::json::object& holder) {
  std::map<std::string, std::string> all;
  for (const auto& each : holder.at("attributes").as_array()) {
    const auto& value = each.at("value").as_object();
    EXPECT_EQ(value.size(), 1U);
    const bool yes_or_no = value.begin()->value().is_bool();
    const std::string text = yes_or_no ? (value.begin()->value().as_bool() ? "true" : "false")
                                       : std::string(value.begin()->value().as_string());
    const bool added = all.emplace(std::string(each.at("key").as_string()), text).second;
    EXPECT_TRUE(added) << "an attribute stands twice";
  }
  return all;
}

/// A real server on a free port. By itself it accepts everything.
class otlp_collector {
 public:
  /// `number`: which request it is, from 1.
  using script = std::function<void(int number, wire& out)>;

  explicit otlp_collector(script answers = {}) : answers_(std::move(answers)) {
    server_.on("response", [this](const heard& asked, wire& out) { take(asked, out); });
  }

  telemetry::trace_settings settings() const {
    telemetry::trace_settings result;
    result.endpoint = server_.origin() + "/v1/traces";
    result.service_name = "tests";
    result.schedule_delay = milliseconds(5);
    return result;
  }
  static void accept(wire& out) { out.reply(200, "application/json", "{}"); }

  std::vector<heard> requests() const { return server_.all(); }
  int connections() const { return server_.connections(); }
  bool has_requests(std::size_t count) const {
    return wait_until([&] { return requests().size() >= count; });
  }
  /// Of all requests, accepted or not.
  std::vector<boost::json::object> spans() const {
    std::vector<boost::json::object> all;
    for (const heard& each : requests()) {
      for (auto& span : spans_in(boost::json::parse(each.body))) all.push_back(std::move(span));
    }
    return all;
  }

 private:
  void take(const heard&, wire& out) {
    int number = 0;
    {
      const std::lock_guard lock(mutex_);
      number = ++count_;
    }
    if (!answers_) return accept(out);
    answers_(number, out);
  }

  const script answers_;
  std::mutex mutex_;
  int count_ = 0;
  scripted_server server_;  // last: its threads end first
};

}  // namespace longhaul::test
