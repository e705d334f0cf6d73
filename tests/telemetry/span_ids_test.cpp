// SPDX-License-Identifier: Apache-2.0
// Ids that every process derives alike, and who is sampled.
#include "telemetry/span_ids.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "longhaul/trace_context.hpp"
#include "telemetry/sampler.hpp"
#include "telemetry/traced.hpp"

namespace longhaul::telemetry {
namespace {

template <class Id>
std::string in_hex(const Id& id) {
  std::string text;
  append_hex(text, id);
  return text;
}

using test::sampled_caller;
using test::traced_origin;
using test::unsampled_caller;

TEST(span_ids, are_the_same_wherever_they_are_derived) {
  const auto here = traced_origin();
  task_origin there;  // of another process, which has read what it needs
  there.id = here->id;
  const span_ids one(*here), other(there);
  EXPECT_EQ(one.trace(), other.trace());
  EXPECT_EQ(one.call(), other.call());
  EXPECT_EQ(one.attempt(7), other.attempt(7));
  EXPECT_EQ(one.of_span(span_kind::queue, 1, 5), other.of_span(span_kind::queue, 1, 5));
}

TEST(span_ids, do_not_change_from_version_to_version) {
  // Processes of two versions share a store while a fleet is renewed.
  task_origin task;
  task.id = "01jdvzq4a000000000000000000000000000";
  const span_ids ids(task);
  EXPECT_EQ(in_hex(ids.trace()), "7b927b5a0deb0b3896f63d43638ee1f3");
  EXPECT_EQ(in_hex(ids.call()), "1084ef68face1ce7");
  EXPECT_EQ(in_hex(ids.attempt(1)), "c70e8b172b93b8fa");
}

TEST(span_ids, differ_by_kind_epoch_and_number) {
  const span_ids ids(*traced_origin());
  std::set<span_id> all;
  for (int kind = 0; kind <= static_cast<int>(span_kind::store_retry); ++kind) {
    for (std::uint64_t epoch = 0; epoch < 20; ++epoch) {
      for (std::uint64_t n = 0; n < 20; ++n) {
        all.insert(ids.of_span(static_cast<span_kind>(kind), epoch, n));
      }
    }
  }
  EXPECT_EQ(all.size(), 7U * 20 * 20);
  EXPECT_FALSE(all.contains(0)) << "zero is no id";
}

TEST(span_ids, tell_nothing_of_the_id_of_a_task) {
  const auto task = traced_origin();
  const span_ids ids(*task);
  EXPECT_EQ(in_hex(ids.trace()).find(task->id.substr(0, 6)), std::string::npos);
  auto next = *task;
  next.id.back() = next.id.back() == '0' ? '1' : '0';
  EXPECT_NE(span_ids(next).trace(), ids.trace());
  EXPECT_NE(span_ids(next).call(), ids.call());
}

TEST(span_ids, belong_to_the_trace_of_the_caller) {
  const span_ids ids(*traced_origin(sampled_caller));
  EXPECT_EQ(in_hex(ids.trace()), "4bf92f3577b34da6a3ce929d0e0e4736");
  ASSERT_TRUE(ids.caller());
  EXPECT_EQ(in_hex(ids.caller()->parent), "00f067aa0ba902b7");
  EXPECT_EQ(ids.caller()->flags, 1);
  EXPECT_NE(span_ids(*traced_origin(sampled_caller)).call(), ids.call())
      << "two tasks of one trace have spans of their own";
}

TEST(span_ids, take_no_trace_that_is_none) {
  for (const std::string_view sent :
       {"00-00000000000000000000000000000000-00f067aa0ba902b7-01", "nonsense",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01"}) {
    const auto task = traced_origin(sent);
    EXPECT_FALSE(span_ids(*task).caller()) << sent;
    EXPECT_FALSE(caller_flags_of(*task)) << sent;
  }
  const auto task = traced_origin();
  for (const char* const meta : {R"({"traceparent":7})", R"({"traceparent":null})", "[]", "7"}) {
    task->request_meta = raw_json::parse(meta);
    EXPECT_FALSE(span_ids(*task).caller()) << meta;
  }
}

TEST(span_ids, read_a_trace_that_is_written_with_escapes) {
  const auto task = traced_origin();
  task->request_meta = raw_json::parse(
      R"({"traceparent":"00\u002d4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})");
  EXPECT_EQ(caller_flags_of(*task), 1);
  EXPECT_EQ(in_hex(span_ids(*task).trace()), "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST(sampler, follows_the_caller_if_it_is_to) {
  using rule = sampler::rule;
  const auto on = traced_origin(sampled_caller), off = traced_origin(unsampled_caller);
  const auto root = traced_origin();
  for (const rule each : {rule::always_on, rule::always_off}) {
    const sampler by_parent{true, each, 1.0}, alone{false, each, 1.0};
    const bool itself = each == rule::always_on;
    EXPECT_TRUE(is_sampled(by_parent, *on));
    EXPECT_FALSE(is_sampled(by_parent, *off));
    EXPECT_EQ(is_sampled(by_parent, *root), itself);
    EXPECT_EQ(is_sampled(alone, *on), itself);
    EXPECT_EQ(is_sampled(alone, *off), itself);
  }
}

TEST(sampler, takes_a_part_by_the_lower_half_of_the_trace_id) {
  const auto takes = [](double ratio, const std::string& lower) {
    return is_sampled({false, sampler::rule::ratio, ratio},
                      *traced_origin("00-ffffffffffffffff" + lower + "-00f067aa0ba902b7-00"));
  };
  EXPECT_TRUE(takes(0.5, "7fffffffffffffff"));
  EXPECT_FALSE(takes(0.5, "8000000000000000"));
  EXPECT_TRUE(takes(1.0, "ffffffffffffffff"));
  EXPECT_FALSE(takes(0.0, "0000000000000000"));
  int taken = 0;
  for (int i = 0; i < 1000; ++i) {
    taken += is_sampled({true, sampler::rule::ratio, 0.5}, *traced_origin()) ? 1 : 0;
  }
  EXPECT_GT(taken, 300) << "own ids are spread";
  EXPECT_LT(taken, 700);
}

}  // namespace
}  // namespace longhaul::telemetry
