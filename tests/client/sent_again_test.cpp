// SPDX-License-Identifier: Apache-2.0
// Calls whose connection broke, at a server that knows idempotency keys (docs/wire.md): sent again
// under the same key, with the time at which they were sent for the first time.
#include <atomic>
#include <chrono>

#include "client/hostile_fixture.hpp"
#include "longhaul/error_codes.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t server_time = 5'000'000;

class sent_again : public hostile {
 protected:
  sent_again() {
    server.on("server/discover", [](const heard& asked, wire& out) {
      out.answer(asked, R"({"resultType":"complete","supportedVersions":["2026-07-28"],)"
                        R"("capabilities":{"extensions":{"longhaul.dev/idempotency-key":)"
                        R"({"now":)" +
                            std::to_string(server_time) + R"(,"keptBy":"s.p"}},"tools":{}}})");
    });
  }

  /// `last` answers; before it connections break.
  void break_before(int breaks, const scripted_server::script& last) {
    left_ = breaks;
    server.on("tools/call", [this, last](const heard& asked, wire& out) {
      if (left_-- > 0) return out.cut();
      last(asked, out);
    });
  }
  std::vector<heard> calls() const {
    std::vector<heard> all = server.all();
    std::erase_if(all, [](const heard& each) { return each.method() != "tools/call"; });
    return all;
  }

 private:
  std::atomic<int> left_ = 0;
};

const char* const key = "longhaul.dev/idempotency-key";
const char* const first_sent = "longhaul.dev/first-sent";

TEST_F(sent_again, under_one_key_and_with_one_time) {
  break_before(3, [](const heard& asked, wire& out) { out.answer(asked, R"({"content":[]})"); });
  const client one = connected();
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(one.call("a").wait().status, task_status::completed);
  const auto most =
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - before);
  const auto all = calls();
  ASSERT_EQ(all.size(), 4U);
  EXPECT_FALSE(all[0].params()["_meta"][first_sent]);
  const json::value first = all[1].params()["_meta"][first_sent];
  const auto sent = first["at"].integer();
  EXPECT_TRUE(first["keptBy"].equals("s.p"));
  ASSERT_TRUE(sent);
  EXPECT_GE(*sent, server_time);
  EXPECT_LE(*sent, server_time + most.count());
  for (std::size_t i = 1; i < all.size(); ++i) {
    EXPECT_EQ(all[i].params()["_meta"][key].raw(), all[0].params()["_meta"][key].raw());
    EXPECT_EQ(all[i].params()["_meta"][first_sent].raw(), first.raw());
  }
  EXPECT_EQ(one.call("a").wait().status, task_status::completed);
  EXPECT_FALSE(calls().back().params()["_meta"][first_sent]);
  EXPECT_NE(calls().back().params()["_meta"][key].raw(), all[0].params()["_meta"][key].raw());
}

TEST_F(sent_again, is_heard_of_by_whoever_watches) {
  std::atomic<int> away = 0;
  break_before(1, [](const heard& asked, wire& out) { out.answer(asked, R"({"content":[]})"); });
  call_options options;
  options.on_change = [&](const call_state& now) { away += now.connected ? 0 : 1; };
  const client one = connected();
  EXPECT_EQ(one.call("a", raw_json(), options).wait().status, task_status::completed);
  EXPECT_TRUE(wait_until([&] { return away == 1; }));
}

TEST_F(sent_again, a_server_that_knows_it_no_more_has_lost_it) {
  break_before(1, [](const heard& asked, wire& out) {
    out.refuse(asked, error_codes::not_repeatable, "not known here any more");
  });
  told(error_of([&] { connected().call("a").wait(); }), kind::lost, "tools/call", "is not known");
  EXPECT_EQ(calls().size(), 2U);
}

TEST_F(sent_again, an_error_of_the_work_is_an_answer) {
  break_before(1, [](const heard& asked, wire& out) {
    out.refuse(asked, error_codes::executor_lost, "executor lost");
  });
  told(error_of([&] { connected().call("a").wait(); }), kind::refused, "tools/call",
       "executor lost");
  EXPECT_EQ(calls().size(), 2U);
}

TEST_F(sent_again, a_refusal_says_nothing_of_what_was_lost) {
  for (const int code : {-32602, error_codes::declined}) {
    break_before(1, [code](const heard& asked, wire& out) { out.refuse(asked, code, "not now"); });
    const client_error e = error_of([&] { connected().call("a").wait(); });
    told(e, kind::lost, "tools/call", "not now");
  }
  break_before(1, [](const heard&, wire& out) { out.reply(401, "text/plain", "who are you?"); });
  told(error_of([&] { connected().call("a").wait(); }), kind::lost, "tools/call", "who are you?");
}

TEST_F(sent_again, another_server_at_its_place_is_not_asked_again) {
  break_before(1, [](const heard& asked, wire& out) { out.answer(asked, R"({"content":[]})"); });
  server.on("server/discover", [this](const heard& asked, wire& out) {
    const bool first = server.count("tools/call") == 0;
    out.answer(asked,
               std::string(R"({"supportedVersions":["2026-07-28"],"capabilities":{)") +
                   (first ? R"("extensions":{"longhaul.dev/idempotency-key":{"now":1}},)" : "") +
                   R"("tools":{}}})");
  });
  told(error_of([&] { connected().call("a").wait(); }), kind::lost, "tools/call", "is not known");
}

TEST_F(sent_again, a_proxy_that_says_503_may_have_passed_it_on) {
  std::atomic<int> left = 1;
  server.on("tools/call", [&](const heard& asked, wire& out) {
    if (left-- > 0) return out.reply(503, "text/plain", "upstream connection termination");
    out.answer(asked, R"({"content":[]})");
  });
  EXPECT_EQ(connected().call("a").wait().status, task_status::completed);
  const auto all = calls();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_FALSE(all[0].params()["_meta"][first_sent]);
  EXPECT_TRUE(all[1].params()["_meta"][first_sent]);
}

TEST_F(sent_again, what_is_turned_away_later_is_tried_again) {
  std::atomic<int> busy = 2;
  break_before(1, [&](const heard& asked, wire& out) {
    if (busy-- > 0) return out.refuse(asked, error_codes::busy, "just ended");
    out.answer(asked, R"({"content":[]})");
  });
  EXPECT_EQ(connected().call("a").wait().status, task_status::completed);
  EXPECT_EQ(calls().size(), 4U);
}

TEST_F(sent_again, ends_when_its_caller_says_so) {
  break_before(1000, {});
  const client one = connected();
  const tool_call given_up = one.call("a");
  ASSERT_TRUE(wait_until([&] { return calls().size() > 1; }));
  given_up.cancel();  // what was lost may go on
  EXPECT_EQ(error_of([&] { given_up.wait(); }).why(), kind::lost);
  call_options limited;
  limited.time_limit = 700ms;
  EXPECT_EQ(error_of([&] { one.call("a", raw_json(), limited).wait(); }).why(), kind::time_limit);
  const tool_call left = one.call("a");
  const auto before = calls().size();
  ASSERT_TRUE(wait_until([&] { return calls().size() > before; }));
}

// Without a word of ours it would go on for a while: we might come again.
TEST_F(sent_again, a_call_that_is_given_up_is_ended_by_its_key) {
  server.on("tools/call", [](const heard& asked, wire& out) {
    const json::value first = asked.params()["_meta"][first_sent];
    if (!first) return out.hold();
    out.refuse(asked, error_codes::cancelled, "the call was cancelled");
  });
  const client one = connected();
  for (const bool by_time : {false, true}) {
    const std::size_t before = calls().size();
    call_options options;
    if (by_time) options.time_limit = 1s;  // it has to be on its way by then
    const tool_call call = one.call("a", raw_json(), options);
    ASSERT_TRUE(wait_until([&] { return calls().size() > before; }));
    if (by_time) {
      EXPECT_EQ(error_of([&] { call.wait(); }).why(), kind::time_limit);
    } else {
      call.cancel();
      EXPECT_EQ(call.wait().status, task_status::cancelled);
    }
    const auto all = calls();
    ASSERT_EQ(all.size(), before + 2);
    const json::value begun = all[before].params(), ended = all[before + 1].params();
    EXPECT_EQ(begun["_meta"][key].string(), ended["_meta"][key].string());
    EXPECT_EQ(ended["_meta"][first_sent]["cancelled"].boolean(), true);
    EXPECT_EQ(begun["arguments"].raw(), ended["arguments"].raw());
  }
}

// What was lost is known to have ended, if the server says so.
TEST_F(sent_again, a_lost_call_that_is_ended_by_its_key_is_cancelled) {
  server.on("tools/call", [](const heard& asked, wire& out) {
    const json::value first = asked.params()["_meta"][first_sent];
    if (!first["cancelled"].boolean().value_or(false)) return out.cut();
    out.refuse(asked, error_codes::cancelled, "the call was cancelled");
  });
  const client one = connected();
  const tool_call call = one.call("a");
  ASSERT_TRUE(wait_until([&] { return calls().size() > 1; }));
  call.cancel();
  EXPECT_EQ(call.wait().status, task_status::cancelled);
}

TEST_F(sent_again, one_that_has_ended_is_freed) {
  break_before(1, [](const heard& asked, wire& out) { out.answer(asked, R"({"content":[]})"); });
  const client one = connected();
  std::weak_ptr<int> held;
  {
    const auto part = std::make_shared<int>(0);
    held = part;
    call_options options;
    options.on_change = [part](const call_state&) {};
    EXPECT_EQ(one.call("a", raw_json(), options).wait().status, task_status::completed);
  }
  EXPECT_TRUE(wait_until([&] { return held.expired(); }));
}

// Somebody else may wait for the same work.
TEST_F(sent_again, a_key_of_the_users_own_ends_nothing) {
  server.on("tools/call", [](const heard&, wire& out) { out.hold(); });
  const client one = connected();
  call_options options;
  options.idempotency_key = "of-two-callers-who-know-it";
  const tool_call call = one.call("a", raw_json(), options);
  ASSERT_TRUE(wait_until([&] { return calls().size() == 1; }));
  call.cancel();
  EXPECT_EQ(call.wait().status, task_status::cancelled);
  EXPECT_EQ(calls().size(), 1U);
}

// The user is not kept waiting by a server that says nothing to that.
TEST_F(sent_again, a_farewell_that_is_not_answered_ends) {
  server.on("tools/call", [](const heard&, wire& out) { out.hold(); });
  const client one = connected();
  const tool_call call = one.call("a");
  ASSERT_TRUE(wait_until([&] { return calls().size() == 1; }));
  call.cancel();
  EXPECT_EQ(call.wait().status, task_status::cancelled);
  EXPECT_EQ(calls().size(), 2U);
}

}  // namespace
}  // namespace longhaul::test
