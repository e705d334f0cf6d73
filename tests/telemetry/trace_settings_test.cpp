// SPDX-License-Identifier: Apache-2.0
// The variables of OpenTelemetry.
#include "telemetry/trace_settings.hpp"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <string>

namespace longhaul::telemetry {
namespace {

using variables = std::map<std::string, std::string>;

std::optional<trace_settings> read(const variables& set) {
  return trace_settings_from(
      [&](const char* name) -> const char* {
        const auto found = set.find(name);
        return found == set.end() ? nullptr : found->second.c_str();
      },
      "longhaul");
}

variables with_endpoint(variables more) {
  more.emplace("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
  return more;
}

trace_settings settings_with(const variables& more) { return read(with_endpoint(more)).value(); }

// The text of the fault.
std::string fault_of(const variables& set) {
  try {
    read(set);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  ADD_FAILURE() << "no fault";
  return {};
}

void expect_fault(const variables& more, const std::string& name, const std::string& value,
                  const std::string& advice) {
  const std::string text = fault_of(with_endpoint(more));
  EXPECT_NE(text.find(name), std::string::npos) << text;
  EXPECT_NE(text.find(value), std::string::npos) << text;
  EXPECT_NE(text.find(advice), std::string::npos) << text;
}

TEST(trace_settings, are_none_unless_an_endpoint_is_set) {
  EXPECT_FALSE(read({}));
  EXPECT_FALSE(read({{"OTEL_SERVICE_NAME", "x"}}));
  EXPECT_FALSE(read({{"OTEL_EXPORTER_OTLP_ENDPOINT", ""}})) << "empty is as not set";
  EXPECT_FALSE(read({{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}})) << "traces are off: no fault";
  EXPECT_TRUE(read(with_endpoint({})));
}

TEST(trace_settings, can_be_switched_off) {
  EXPECT_FALSE(read(with_endpoint({{"OTEL_SDK_DISABLED", "True"}})));
  EXPECT_TRUE(read(with_endpoint({{"OTEL_SDK_DISABLED", "1"}}))) << "only true is true";
  EXPECT_FALSE(read(with_endpoint({{"OTEL_TRACES_EXPORTER", "none"}})));
  EXPECT_TRUE(read(with_endpoint({{"OTEL_TRACES_EXPORTER", "otlp"}})));
  expect_fault({{"OTEL_TRACES_EXPORTER", "zipkin"}}, "OTEL_TRACES_EXPORTER", "zipkin", "otlp");
}

TEST(trace_settings, take_the_endpoint_of_traces_as_it_is_and_add_to_that_of_all_signals) {
  const auto base = [](const std::string& url) {
    return read({{"OTEL_EXPORTER_OTLP_ENDPOINT", url}})->endpoint;
  };
  EXPECT_EQ(base("http://collector:4318"), "http://collector:4318/v1/traces");
  EXPECT_EQ(base("http://collector:4318/"), "http://collector:4318/v1/traces");
  EXPECT_EQ(base(" https://x.example/otlp// "), "https://x.example/otlp/v1/traces");
  EXPECT_EQ(base("https://x.example/otlp?tenant=1#top"),
            "https://x.example/otlp/v1/traces?tenant=1");
  EXPECT_EQ(
      read(with_endpoint({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://other/in/"}}))->endpoint,
      "http://other/in/");
}

TEST(trace_settings, have_the_defaults_of_opentelemetry) {
  const trace_settings usual = settings_with({});
  EXPECT_EQ(usual.service_name, "longhaul");
  EXPECT_EQ(usual.timeout, std::chrono::seconds(10));
  EXPECT_EQ(usual.queue_size, 2048U);
  EXPECT_EQ(usual.batch_size, 512U);
  EXPECT_EQ(usual.schedule_delay, std::chrono::seconds(5));
  EXPECT_EQ(usual.sampled, (sampler{true, sampler::rule::always_on, 1.0}));
  EXPECT_TRUE(usual.headers.empty());
  EXPECT_TRUE(usual.resource.empty());
  EXPECT_TRUE(usual.ca_file.empty());
}

TEST(trace_settings, prefer_what_is_said_of_traces) {
  const trace_settings both = settings_with({{"OTEL_EXPORTER_OTLP_HEADERS", "a=1"},
                                             {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2"},
                                             {"OTEL_EXPORTER_OTLP_TIMEOUT", "1000"},
                                             {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2000"},
                                             {"OTEL_EXPORTER_OTLP_CERTIFICATE", "/a.pem"},
                                             {"OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "/b.pem"}});
  EXPECT_EQ(both.headers, (name_values{{"b", "2"}}));
  EXPECT_EQ(both.timeout, std::chrono::seconds(2));
  EXPECT_EQ(both.ca_file, "/b.pem");
  const trace_settings all = settings_with(
      {{"OTEL_EXPORTER_OTLP_TIMEOUT", "1000"}, {"OTEL_EXPORTER_OTLP_CERTIFICATE", "/a.pem"}});
  EXPECT_EQ(all.timeout, std::chrono::seconds(1));
  EXPECT_EQ(all.ca_file, "/a.pem");
  EXPECT_GT(settings_with({{"OTEL_EXPORTER_OTLP_TIMEOUT", "0"}}).timeout, std::chrono::hours(24))
      << "0 is no limit";
}

TEST(trace_settings, decode_lists) {
  EXPECT_EQ(settings_with({{"OTEL_EXPORTER_OTLP_HEADERS",
                            " authorization = Bearer%20abc%3D , x-key=a%2Cb%zz=c,,"}})
                .headers,
            (name_values{{"authorization", "Bearer abc="}, {"x-key", "a,b%zz=c"}}));
  const trace_settings named = settings_with(
      {{"OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=a%20b,service.name=mine,k=1,k=2"}});
  EXPECT_EQ(named.service_name, "mine");
  EXPECT_EQ(named.resource, (name_values{{"deployment.environment", "a b"}, {"k", "2"}}));
  EXPECT_EQ(settings_with(
                {{"OTEL_RESOURCE_ATTRIBUTES", "service.name=mine"}, {"OTEL_SERVICE_NAME", "yours"}})
                .service_name,
            "yours");
}

TEST(trace_settings, know_the_samplers) {
  using rule = sampler::rule;
  const std::map<std::string, sampler> known = {
      {"always_on", {false, rule::always_on, 1.0}},
      {"always_off", {false, rule::always_off, 1.0}},
      {"traceidratio", {false, rule::ratio, 0.25}},
      {"parentbased_always_on", {true, rule::always_on, 1.0}},
      {"parentbased_always_off", {true, rule::always_off, 1.0}},
      {"parentbased_traceidratio", {true, rule::ratio, 0.25}}};
  for (const auto& [name, wanted] : known) {
    EXPECT_EQ(
        settings_with({{"OTEL_TRACES_SAMPLER", name}, {"OTEL_TRACES_SAMPLER_ARG", "0.25"}}).sampled,
        wanted)
        << name;
  }
  EXPECT_EQ(settings_with({{"OTEL_TRACES_SAMPLER", "traceidratio"}}).sampled.ratio, 1.0);
  EXPECT_EQ(settings_with({{"OTEL_TRACES_SAMPLER_ARG", "nonsense"}}).sampled, sampler())
      << "heeded only if a sampler is set";
}

TEST(trace_settings, bound_the_queue_and_its_batches) {
  const trace_settings small = settings_with({{"OTEL_BSP_MAX_QUEUE_SIZE", "100"}});
  EXPECT_EQ(small.queue_size, 100U);
  EXPECT_EQ(small.batch_size, 100U) << "no batch is larger than the queue";
  const trace_settings set = settings_with({{"OTEL_BSP_MAX_QUEUE_SIZE", "100"},
                                            {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "7"},
                                            {"OTEL_BSP_SCHEDULE_DELAY", "250"}});
  EXPECT_EQ(set.batch_size, 7U);
  EXPECT_EQ(set.schedule_delay, std::chrono::milliseconds(250));
}

TEST(trace_settings, say_what_is_wrong_and_what_to_do) {
  expect_fault({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector:4318"}},
               "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector:4318", "http://127.0.0.1:4318");
  expect_fault({{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}}, "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc",
               "4318");
  expect_fault({{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "smoke"}},
               "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "smoke", "http/json");
  expect_fault({{"OTEL_EXPORTER_OTLP_TIMEOUT", "10s"}}, "OTEL_EXPORTER_OTLP_TIMEOUT", "10s",
               "whole number");
  expect_fault({{"OTEL_EXPORTER_OTLP_TIMEOUT", "-1"}}, "OTEL_EXPORTER_OTLP_TIMEOUT", "-1", "0 to");
  expect_fault({{"OTEL_TRACES_SAMPLER", "jaeger_remote"}}, "OTEL_TRACES_SAMPLER", "jaeger_remote",
               "traceidratio");
  for (const char* const ratio : {"1.5", "-0.1", "half", "nan", "0.5x"}) {
    expect_fault({{"OTEL_TRACES_SAMPLER", "traceidratio"}, {"OTEL_TRACES_SAMPLER_ARG", ratio}},
                 "OTEL_TRACES_SAMPLER_ARG", ratio, "from 0 to 1");
  }
  expect_fault({{"OTEL_BSP_MAX_QUEUE_SIZE", "0"}}, "OTEL_BSP_MAX_QUEUE_SIZE", "0", "from 1");
  expect_fault({{"OTEL_BSP_MAX_QUEUE_SIZE", "10"}, {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "11"}},
               "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "11", "to 10");
  expect_fault({{"OTEL_RESOURCE_ATTRIBUTES", "a=1,b"}}, "OTEL_RESOURCE_ATTRIBUTES", "a=1,b",
               "name=value");
  for (const char* const harmless : {"http/json", "http/protobuf", "HTTP/JSON"}) {
    EXPECT_NO_THROW(settings_with({{"OTEL_EXPORTER_OTLP_PROTOCOL", harmless}})) << harmless;
  }
}

TEST(trace_settings, never_show_the_value_of_a_header) {
  for (const char* const value : {"hunter2", "x y=hunter2", "k=hunter2%0Aevil: 1"}) {
    const std::string text = fault_of(with_endpoint({{"OTEL_EXPORTER_OTLP_HEADERS", value}}));
    EXPECT_NE(text.find("OTEL_EXPORTER_OTLP_HEADERS"), std::string::npos) << text;
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
  }
}

TEST(trace_settings, show_no_password_of_an_endpoint) {
  const std::string text = fault_of({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:hunter2@x:4318"}});
  EXPECT_NE(text.find("OTEL_EXPORTER_OTLP_ENDPOINT"), std::string::npos) << text;
  EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
}

}  // namespace
}  // namespace longhaul::telemetry
