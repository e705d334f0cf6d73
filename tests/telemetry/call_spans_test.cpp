// SPDX-License-Identifier: Apache-2.0
// A call is never shorter than its children, and a queue never longer than its bound.
#include "telemetry/call_spans.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "telemetry/span_queue.hpp"
#include "telemetry/traced.hpp"
#include "telemetry/tunables.hpp"

namespace longhaul::telemetry {
namespace {

using std::chrono::microseconds;
using test::traced_origin;

// Spans of one task, by their distance from its creation.
struct timeline {
  std::shared_ptr<const task_origin> origin = traced_origin();

  wall_time at(microseconds from_creation) const { return origin->created_at + from_creation; }
  span one(span_kind kind, microseconds from, microseconds to) const {
    span result;
    result.origin = origin;
    result.kind = kind;
    result.from = at(from);
    result.to = at(to);
    return result;
  }
  span call(microseconds to) const { return one(span_kind::call, microseconds(0), to); }
};

const span* find_call(const std::vector<span>& all) {
  for (const span& each : all) {
    if (each.kind == span_kind::call) return &each;
  }
  return nullptr;
}

TEST(call_spans, wait_for_the_write_of_their_end) {
  const timeline task;
  call_spans calls;
  const microseconds end(2000);
  auto sent = calls.take({task.call(end)}, task.at(end));
  EXPECT_EQ(find_call(sent), nullptr) << "it may be told of a write yet";
  EXPECT_EQ(calls.held(), 1U);
  sent = calls.take({task.one(span_kind::store_finish, microseconds(900), microseconds(2500))},
                    task.at(microseconds(2600)));
  EXPECT_EQ(sent.size(), 1U);
  sent = calls.take({}, task.at(microseconds(2500) + tunables::settling));
  ASSERT_NE(find_call(sent), nullptr) << "held for longer than it settles";
  EXPECT_EQ(find_call(sent)->to, task.at(microseconds(2500)));
  EXPECT_EQ(calls.held(), 0U);
}

TEST(call_spans, that_are_old_go_on_at_once) {
  const timeline task;
  call_spans calls;
  const auto sent =
      calls.take({task.call(microseconds(5)),
                  task.one(span_kind::store_finish, microseconds(1), microseconds(9))},
                 task.at(microseconds(9) + tunables::settling));
  ASSERT_NE(find_call(sent), nullptr);
  EXPECT_EQ(find_call(sent)->to, task.at(microseconds(9)));
}

TEST(call_spans, of_microseconds_begin_with_their_first_child) {
  const timeline task;
  for (const bool earlier : {true, false}) {  // the child was taken before its call
    call_spans calls;
    const span first = task.one(span_kind::attempt, microseconds(400), microseconds(450));
    const span second = task.one(span_kind::attempt, microseconds(600), microseconds(650));
    if (earlier) calls.take({first}, task.at(microseconds(460)));
    std::vector<span> fresh{second, task.call(microseconds(700))};
    if (!earlier) fresh.push_back(first);
    calls.take(std::move(fresh), task.at(microseconds(700)));
    const auto sent = calls.take_all();
    ASSERT_NE(find_call(sent), nullptr);
    EXPECT_EQ(find_call(sent)->from, task.at(microseconds(400)));
    EXPECT_EQ(find_call(sent)->to, task.at(microseconds(700)));
  }
}

TEST(call_spans, whose_first_child_came_late_begin_with_the_record) {
  const timeline task, other;
  call_spans calls;
  calls.take({task.one(span_kind::attempt, microseconds(50'000), microseconds(60'000)),
              other.one(span_kind::attempt, microseconds(10), microseconds(20)),
              task.call(microseconds(60'001))},
             task.at(microseconds(60'001)));
  const auto sent = calls.take_all();
  ASSERT_NE(find_call(sent), nullptr);
  EXPECT_EQ(find_call(sent)->from, task.at(microseconds(0)));
}

TEST(call_spans, do_not_last_as_long_as_a_handler_that_is_being_stopped) {
  const timeline task;
  call_spans calls;
  calls.take({task.call(microseconds(100)),
              task.one(span_kind::attempt, microseconds(5), microseconds(9000))},
             task.at(microseconds(200)));
  EXPECT_EQ(find_call(calls.take_all())->to, task.at(microseconds(100)));
}

TEST(call_spans, are_not_held_by_a_clock_that_was_set_back) {
  const timeline task;
  call_spans calls;
  const auto sent = calls.take({task.call(microseconds(100))}, task.at(-std::chrono::hours(1)));
  EXPECT_NE(find_call(sent), nullptr);
}

// --- the queue

span any_span() { return timeline().call(microseconds(1)); }

TEST(span_queue, drops_what_it_has_no_room_for_and_counts_it) {
  span_queue queue(3, 2);
  for (int i = 0; i < 5; ++i) queue.push(any_span());
  EXPECT_EQ(queue.size(), 3U);
  EXPECT_EQ(queue.dropped(), 2U);
  EXPECT_EQ(queue.take().size(), 3U);
  queue.push(any_span());
  EXPECT_EQ(queue.size(), 1U) << "there is room again";
  queue.close();
  queue.push(any_span());
  EXPECT_EQ(queue.dropped(), 3U);
  EXPECT_EQ(queue.take().size(), 1U) << "what was in it can still be taken";
}

TEST(span_queue, tells_of_a_batch_once_until_it_was_taken) {
  span_queue queue(100, 2);
  int told = 0;
  queue.on_batch([&] {
    ++told;
    EXPECT_TRUE(queue.has_batch());
  });
  queue.push(any_span());
  EXPECT_EQ(told, 0);
  for (int i = 0; i < 5; ++i) queue.push(any_span());
  EXPECT_EQ(told, 1);
  queue.take();
  for (int i = 0; i < 2; ++i) queue.push(any_span());
  EXPECT_EQ(told, 2);
}

TEST(span_queue, loses_none_that_many_threads_add) {
  span_queue queue(1000, 10);
  constexpr std::size_t threads = 4, each = 2000;
  std::size_t taken = 0;
  {
    std::vector<std::jthread> adding;
    for (std::size_t i = 0; i < threads; ++i) {
      adding.emplace_back([&queue] {
        for (std::size_t n = 0; n < each; ++n) queue.push(any_span());
      });
    }
    while (taken + queue.dropped() < threads * each) taken += queue.take().size();
  }
  EXPECT_EQ(taken + queue.dropped(), threads * each);
  EXPECT_EQ(queue.size(), 0U);
}

}  // namespace
}  // namespace longhaul::telemetry
