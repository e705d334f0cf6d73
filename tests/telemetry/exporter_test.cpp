// SPDX-License-Identifier: Apache-2.0
// Spans reach a collector, and one that is away, hangs or talks nonsense costs spans and nothing
// else.
#include "telemetry/exporter.hpp"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "telemetry/collector.hpp"
#include "telemetry/traced.hpp"
#include "telemetry/tunables.hpp"
#include "telemetry/work_spans.hpp"

namespace longhaul::telemetry {
namespace {

using namespace std::chrono_literals;
using test::heard;
using test::otlp_collector;
using test::traced_origin;
using test::wait_until;
using test::wire;

constexpr auto forever = std::chrono::hours(1);  // no test waits for it

// What an exporter logs, by event.
class words {
 public:
  logger log() {
    return {[this](const log_record& record) {
      const std::lock_guard lock(mutex_);
      events_.emplace_back(record.event);
      if (record.event == "traces.failed") failures_.emplace_back(record.text);
    }};
  }
  std::size_t count(const std::string& event) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count(events_, event));
  }
  std::string last_failure() const {
    const std::lock_guard lock(mutex_);
    return failures_.empty() ? "" : failures_.back();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> events_, failures_;
};

span finished_attempt(std::uint32_t number = 1) {
  span one;
  one.origin = traced_origin();
  one.kind = span_kind::attempt;
  one.attempt = number;
  one.from = one.to = std::chrono::system_clock::now();
  return one;
}

void push(exporter& to, int count) {
  for (int i = 0; i < count; ++i) to.queue()->push(finished_attempt());
}

bool has_exported(const exporter& one, std::uint64_t count) {
  return wait_until([&] { return one.counts().exported == count; });
}
bool has_dropped(const exporter& one, std::uint64_t count) {
  return wait_until([&] { return one.counts().dropped == count; });
}

// A batch of two at once, and nothing by the clock.
trace_settings two_at_once(const otlp_collector& to) {
  trace_settings settings = to.settings();
  settings.batch_size = 2;
  settings.schedule_delay = forever;
  return settings;
}

void answer(wire& out, int status, const std::string& headers = {}) {
  out.reply(status, "application/json", R"({"message":"as the test wants"})", headers);
}

TEST(exporter, sends_what_an_engine_does_as_otlp) {
  const otlp_collector collector;
  trace_settings settings = collector.settings();
  settings.endpoint += "?tenant=7";
  settings.headers = {{"X-Key", "secret"}, {"content-type", "text/plain"}};
  exporter out(settings, {});
  work_spans watched(out.queue(), settings.sampled);
  const auto task = test::traced_task(traced_origin());
  watched.returned(task, {std::chrono::system_clock::now(), 5us}, tasks::attempt_end::completed);
  watched.changed(test::ended_task(task, outcome::tool_error("no")));
  ASSERT_TRUE(has_exported(out, 2)) << "the call, too, once it has settled";
  EXPECT_EQ(out.counts().waiting, 0U);
  EXPECT_EQ(out.counts().dropped, 0U);
  std::set<std::string> names;
  for (const auto& each : collector.spans()) names.insert(test::member_of(each, "name"));
  EXPECT_EQ(names, (std::set<std::string>{"attempt 1", "tools/call render"}));
  const heard first = collector.requests().front();
  EXPECT_EQ(first.verb, "POST");
  EXPECT_EQ(first.target, "/v1/traces?tenant=7");
  EXPECT_EQ(first.header("content-type"), "application/json");
  EXPECT_EQ(first.header("x-key"), "secret");
}

TEST(exporter, sends_a_full_batch_at_once_over_one_connection) {
  const otlp_collector collector;
  exporter out(two_at_once(collector), {});
  push(out, 2);
  ASSERT_TRUE(has_exported(out, 2));
  push(out, 5);
  ASSERT_TRUE(has_exported(out, 6));
  EXPECT_EQ(out.counts().waiting, 1U) << "no full batch";
  EXPECT_EQ(collector.connections(), 1);
  for (const heard& each : collector.requests()) {
    EXPECT_EQ(test::spans_in(boost::json::parse(each.body)).size(), 2U);
  }
}

TEST(exporter, tries_again_when_the_collector_is_busy) {
  for (const int status : {429, 502, 503, 504}) {
    const otlp_collector collector([&](int number, wire& out) {
      if (number > 1) return otlp_collector::accept(out);
      answer(out, status, "Retry-After: 0\r\n");
    });
    words said;
    exporter out(two_at_once(collector), said.log());
    push(out, 2);
    ASSERT_TRUE(has_exported(out, 2)) << status;
    const std::vector<heard> both = collector.requests();
    ASSERT_EQ(both.size(), 2U);
    EXPECT_EQ(both[0].body, both[1].body) << "the same spans, with the same ids";
    EXPECT_EQ(out.counts().dropped, 0U);
    EXPECT_EQ(said.count("traces.failed"), 0U) << "nothing is lost";
  }
}

TEST(exporter, tries_no_more_than_so_often) {
  const otlp_collector collector([](int, wire& out) { answer(out, 503, "Retry-After: 0\r\n"); });
  words said;
  exporter out(two_at_once(collector), said.log());
  push(out, 2);
  ASSERT_TRUE(has_dropped(out, 2));
  EXPECT_EQ(collector.requests().size(), static_cast<std::size_t>(tunables::attempts));
  EXPECT_EQ(said.count("traces.failed"), 1U);
  EXPECT_NE(said.last_failure().find("HTTP 503: as the test wants"), std::string::npos)
      << said.last_failure();
}

TEST(exporter, sends_again_what_a_broken_connection_may_have_lost) {
  const otlp_collector collector([](int number, wire& out) {
    if (number > 1) return otlp_collector::accept(out);
    out.cut();
  });
  exporter out(two_at_once(collector), {});
  push(out, 2);
  ASSERT_TRUE(has_exported(out, 2));
  EXPECT_EQ(collector.requests().size(), 2U);
}

TEST(exporter, does_not_wait_for_ever_for_a_reply) {
  const otlp_collector collector([](int number, wire& out) {
    if (number > 1) return otlp_collector::accept(out);
    out.hold();
  });
  trace_settings settings = two_at_once(collector);
  settings.timeout = 50ms;
  exporter out(settings, {});
  push(out, 2);
  // A machine under load may miss the time more than once: what counts is that it goes on.
  EXPECT_TRUE(collector.has_requests(2));
}

TEST(exporter, says_once_that_it_is_refused_and_once_that_it_works_again) {
  const otlp_collector collector([](int number, wire& out) {
    if (number > 3) return otlp_collector::accept(out);
    answer(out, number == 2 ? 404 : 400);
  });
  words said;
  exporter out(two_at_once(collector), said.log());
  for (std::uint64_t i = 1; i <= 3; ++i) {
    push(out, 2);
    ASSERT_TRUE(has_dropped(out, 2 * i));
    EXPECT_EQ(collector.requests().size(), i) << "such a request is not sent again";
  }
  for (std::uint64_t i = 1; i <= 2; ++i) {
    push(out, 2);
    ASSERT_TRUE(has_exported(out, 2 * i));
  }
  out.close(forever);
  EXPECT_EQ(said.count("traces.failed"), 1U);
  EXPECT_EQ(said.count("traces.mended"), 1U);
  EXPECT_EQ(out.counts().dropped, 6U);
}

TEST(exporter, drops_what_is_answered_with_no_http) {
  const otlp_collector collector([](int number, wire& out) {
    if (number > 1) return otlp_collector::accept(out);
    out.send(std::string("\0\0\x12\x04\0\0\0\0\0 this is HTTP/2, or a telnet\r\n\r\n", 40));
    out.cut();
  });
  words said;
  exporter out(two_at_once(collector), said.log());
  push(out, 2);
  ASSERT_TRUE(has_dropped(out, 2));
  EXPECT_NE(said.last_failure().find("4318"), std::string::npos) << said.last_failure();
  push(out, 2);
  EXPECT_TRUE(has_exported(out, 2));
}

TEST(exporter, counts_spans_that_the_collector_rejects) {
  const otlp_collector collector([](int, wire& out) {
    out.reply(200, "application/json",
              R"({"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}})");
  });
  words said;
  exporter out(two_at_once(collector), said.log());
  push(out, 2);
  ASSERT_TRUE(has_exported(out, 1));
  EXPECT_TRUE(has_dropped(out, 1));
  EXPECT_TRUE(wait_until([&] { return said.count("traces.failed") == 1; }));
  EXPECT_NE(said.last_failure().find("too old"), std::string::npos) << said.last_failure();
}

TEST(exporter, reads_no_reply_without_end) {
  const otlp_collector collector([](int, wire& out) {
    out.begin_events();
    const std::string part(16 << 10, 'x');
    while (!out.is_cut()) out.chunk(part);
  });
  trace_settings settings = two_at_once(collector);
  settings.timeout = forever;
  exporter out(settings, {});
  push(out, 2);
  EXPECT_TRUE(has_exported(out, 2)) << "its status was read";
}

TEST(exporter, never_makes_anybody_wait_who_adds_a_span) {
  const otlp_collector collector([](int, wire& out) { out.hold(); });
  trace_settings settings = two_at_once(collector);
  settings.queue_size = 10;
  settings.timeout = forever;
  words said;
  exporter out(settings, said.log());
  push(out, 2);
  ASSERT_TRUE(collector.has_requests(1));  // and stays there for ever
  push(out, 1000);
  const export_counts now = out.counts();
  EXPECT_EQ(now.exported, 0U);
  EXPECT_EQ(now.waiting, 12U) << "two on their way, ten in the queue";
  EXPECT_EQ(now.dropped, 990U);
}

TEST(exporter, says_that_spans_come_too_fast) {
  const otlp_collector collector([](int, wire& out) { answer(out, 400); });
  trace_settings settings = collector.settings();
  settings.queue_size = settings.batch_size = 1;
  words said;
  exporter out(settings, said.log());
  EXPECT_TRUE(wait_until([&] {
    push(out, 100);
    return said.count("traces.full") > 0;
  }));
}

TEST(exporter, sends_all_that_waits_before_it_ends) {
  const otlp_collector collector;
  trace_settings settings = collector.settings();
  settings.schedule_delay = forever;
  exporter out(settings, {});
  const int count = 700;
  push(out, count - 1);
  span call = finished_attempt();
  call.kind = span_kind::call;  // just ended: it has not settled
  call.to = std::chrono::system_clock::now() + 1h;
  out.queue()->push(call);
  out.close(forever);
  EXPECT_EQ(out.counts().exported, static_cast<std::uint64_t>(count));
  EXPECT_EQ(collector.spans().size(), static_cast<std::size_t>(count));
  EXPECT_EQ(collector.requests().size(), 2U) << "512, and the rest";
  out.queue()->push(call);
  EXPECT_EQ(out.counts().dropped, 1U) << "nothing is taken in any more";
}

TEST(exporter, ends_though_the_collector_hangs) {
  const otlp_collector collector([](int, wire& out) { out.hold(); });
  trace_settings settings = two_at_once(collector);
  settings.timeout = forever;
  words said;
  exporter out(settings, said.log());
  push(out, 2);
  ASSERT_TRUE(collector.has_requests(1));
  push(out, 3);
  out.close(20ms);
  EXPECT_EQ(out.counts().dropped, 5U);
  EXPECT_EQ(out.counts().waiting, 0U);
  EXPECT_EQ(said.count("traces.failed"), 1U);
}

TEST(exporter, does_not_sit_a_pause_out_when_it_is_to_end) {
  const otlp_collector collector([](int number, wire& out) {
    if (number > 1) return otlp_collector::accept(out);
    answer(out, 503, "Retry-After: 50\r\n");
  });
  words said;
  exporter out(two_at_once(collector), said.log());
  push(out, 2);
  ASSERT_TRUE(wait_until([&] { return said.count("traces.again") == 1; }));
  const auto begun = std::chrono::steady_clock::now();
  out.close(forever);
  EXPECT_EQ(out.counts().exported, 2U);
  EXPECT_EQ(collector.requests().size(), 2U);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 50s) << "that is the pause";
}

TEST(exporter, ends_soon_where_nobody_listens) {
  trace_settings settings;
  {
    const otlp_collector gone;
    settings = gone.settings();
  }
  exporter out(settings, {});
  push(out, 3);
  out.close(forever);
  EXPECT_EQ(out.counts().dropped, 3U);
}

TEST(exporter, may_be_outlived_by_its_queue) {
  const otlp_collector collector;
  std::shared_ptr<span_queue> queue;
  {
    exporter out(two_at_once(collector), {});
    queue = out.queue();
  }
  for (int i = 0; i < 5; ++i) queue->push(finished_attempt());
  EXPECT_EQ(queue->dropped(), 5U);
}

TEST(exporter, ends_while_others_add_spans) {
  const otlp_collector collector;
  exporter out(collector.settings(), {});
  constexpr int threads = 4, each = 500;
  {
    std::vector<std::jthread> adding;
    for (int i = 0; i < threads; ++i) adding.emplace_back([&] { push(out, each); });
    ASSERT_TRUE(collector.has_requests(1));
    out.close(forever);
  }
  const export_counts end = out.counts();
  EXPECT_EQ(end.exported, collector.spans().size());
  EXPECT_EQ(end.exported + end.dropped, static_cast<std::uint64_t>(threads) * each);
  EXPECT_EQ(end.waiting, 0U);
}

TEST(exporter, is_none_without_its_file_of_authorities) {
  trace_settings settings;
  settings.endpoint = "https://127.0.0.1:4318/v1/traces";
  settings.ca_file = "/there/is/no/such/file.pem";
  EXPECT_THROW(exporter(settings, {}), std::invalid_argument);
  settings.endpoint = "nonsense";
  EXPECT_THROW(exporter(settings, {}), std::invalid_argument);
}

TEST(collector_reply, means_what_otlp_says) {
  using kind = collector_reply::kind;
  EXPECT_EQ(meaning_of(200, "", "").meaning, kind::accepted);
  EXPECT_EQ(meaning_of(202, "", "no JSON").meaning, kind::accepted);
  for (const int status : {301, 400, 401, 404, 408, 413, 500, 501}) {
    EXPECT_EQ(meaning_of(status, "1", "{}").meaning, kind::refused) << status;
  }
  EXPECT_EQ(meaning_of(503, "7", "").pause, 7s);
  EXPECT_EQ(meaning_of(503, "100000", "").pause, tunables::longest_retry_after);
  for (const char* const no_seconds : {"", "soon", "-1", "1.5", "Sat, 28 Nov 2026 20:00:00 GMT"}) {
    EXPECT_FALSE(meaning_of(503, no_seconds, "").pause) << no_seconds;
  }
  EXPECT_EQ(meaning_of(200, "", R"({"partialSuccess":{"rejectedSpans":3}})").rejected, 3U);
  EXPECT_EQ(meaning_of(200, "", R"({"partialSuccess":{"rejectedSpans":-3}})").rejected, 0U);
  EXPECT_EQ(meaning_of(200, "", R"({"partialSuccess":[]})").rejected, 0U);
  EXPECT_LT(meaning_of(400, "", "{\"message\":\"" + std::string(10'000, 'x') + "\"}").words.size(),
            300U);
}

}  // namespace
}  // namespace longhaul::telemetry
