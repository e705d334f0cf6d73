// SPDX-License-Identifier: Apache-2.0
// What a call keeps of its `_meta`, and where a trace may come from.
#include "wire/kept_meta.hpp"

#include <gtest/gtest.h>

#include <string>

#include "longhaul/trace_context.hpp"

namespace longhaul::wire {
namespace {

const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const std::string other = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-00";

std::string kept(const std::string& meta, const http_request* http = nullptr) {
  return std::string(kept_meta(json::value(std::string_view(meta)), {}, http).view());
}

std::string with(const std::string& trace, const std::string& more = "") {
  return R"({"traceparent":")" + trace + "\"" + more + "}";
}

TEST(kept_meta, is_what_is_used_later_and_nothing_else) {
  EXPECT_EQ(kept(R"({"x":1,"progressToken":"a\nb","y":[2]})"), R"({"progressToken":"a\nb"})");
  EXPECT_EQ(kept(R"({"x":1})"), "");
  EXPECT_EQ(kept(R"({"progressToken":1,"progressToken":2})"), R"({"progressToken":1})");
}

TEST(kept_meta, has_the_trace_of_meta_or_of_the_headers) {
  EXPECT_EQ(kept(with(parent, R"(,"tracestate":"a=1")")), with(parent, R"(,"tracestate":"a=1")"));
  http_request http;
  http.traceparent = other;
  http.tracestate = "b=2";
  http.baggage = "user=ann";
  EXPECT_EQ(kept("{}", &http), with(other, R"(,"tracestate":"b=2","baggage":"user=ann")"));
  // A state belongs to its parent: those of two traces are not mixed.
  EXPECT_EQ(kept(with(parent), &http), with(parent, R"(,"baggage":"user=ann")"));
}

TEST(kept_meta, drops_a_trace_that_is_malformed_and_its_state) {
  for (const std::string bad : {R"("00-xyz")", "17", "null", "[]", R"("")",
                                R"("00-00000000000000000000000000000000-00f067aa0ba902b7-01")"}) {
    EXPECT_EQ(kept(R"({"traceparent":)" + bad + R"(,"tracestate":"a=1","progressToken":3})"),
              R"({"progressToken":3})")
        << bad;
  }
  // They become variables of programs.
  EXPECT_EQ(kept(with(parent, R"(,"tracestate":"a\u0000b","baggage":"x\ny")")), with(parent));
  http_request http;
  http.traceparent = "00-short";
  http.tracestate = "a=1";
  EXPECT_EQ(kept("{}", &http), "");
}

TEST(kept_meta, leaves_out_what_is_too_large) {
  const std::string large(10'000, 'x');
  EXPECT_EQ(kept(with(parent, R"(,"baggage":")" + large + "\"")), with(parent));
  http_request http;
  http.baggage = large;
  EXPECT_EQ(kept(R"({"progressToken":1})", &http), R"({"progressToken":1})");
}

TEST(traceparent, is_what_its_specification_says) {
  EXPECT_TRUE(is_traceparent(parent));
  EXPECT_TRUE(is_traceparent("cc" + parent.substr(2) + "-what-comes-later"));
  EXPECT_FALSE(is_traceparent(parent + "-more"));
  EXPECT_FALSE(is_traceparent("ff" + parent.substr(2)));
  EXPECT_FALSE(is_traceparent("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"));
  EXPECT_FALSE(is_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"));
  EXPECT_FALSE(is_traceparent(parent.substr(1)));
}

}  // namespace
}  // namespace longhaul::wire
