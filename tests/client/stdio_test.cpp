// SPDX-License-Identifier: Apache-2.0
// Servers at the other end of two pipes, and how they misbehave: tests/client/servers/mcp.py.
#include <unistd.h>

#include <latch>

#include "client/hostile_fixture.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;
using kind = client_error::kind;

class stdio : public testing::Test {
 protected:
  client started(std::vector<std::string> how, client_options options = {}) {
    const std::string& variable = here.variable();
    const std::size_t equals = variable.find('=');
    server_place place;
    place.command = {"python3", LONGHAUL_TEST_DATA "/servers/mcp.py"};
    place.command.insert(place.command.end(), how.begin(), how.end());
    place.environment = {{variable.substr(0, equals), variable.substr(equals + 1)},
                         {"COLOUR", "red"}};
    place.directory = "/";
    options.probe_time = 50ms;
    options.on_stderr = [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(line);
    };
    return client(place, options);
  }
  bool heard(const std::string& part) const {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(
        lines_, [&](const std::string& each) { return each.find(part) != std::string::npos; });
  }
  static std::string text_of_call(const client& one, const char* tool) {
    return one.call(tool).wait().value().text();
  }

  census here;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

TEST_F(stdio, who_ignores_what_is_unknown_has_sessions) {
  const client one = started({});
  EXPECT_EQ(one.connect().version, "2025-11-25");
  EXPECT_EQ(text_of_call(one, "where"), "/ red");
}

TEST_F(stdio, who_exits_at_what_is_unknown_is_started_again) {
  const client one = started({"exits"});
  EXPECT_EQ(one.connect().name, "py");
  EXPECT_EQ(text_of_call(one, "a"), "ok");
}

TEST_F(stdio, lines_that_are_no_messages_are_told_and_borne) {
  const client one = started({"garbage"});
  EXPECT_EQ(text_of_call(one, "a"), "ok");
  EXPECT_TRUE(wait_until([&] { return heard("Listening"); }));
}

TEST_F(stdio, a_death_in_a_call_is_told_and_the_next_finds_another) {
  const client one = started({});
  for (const auto& [tool, how] : {std::pair("die", "exit code 3"), std::pair("kill", "signal 9")}) {
    const client_error e = error_of([&] { text_of_call(one, tool); });
    expect_told(e, kind::lost, "mcp.py", "tools/call", how);
    expect_told(e, kind::lost, "mcp.py", "tools/call", "is not known");
    const bool said = std::string(e.what()).find("out of cheese") != std::string::npos;
    EXPECT_EQ(said, tool == std::string("die")) << e.what();
    EXPECT_EQ(text_of_call(one, "a"), "ok") << "started again, and initialised";
  }
}

TEST_F(stdio, a_death_is_noticed_though_its_pipe_is_held) {
  const client one = started({});
  const client_error e = error_of([&] { text_of_call(one, "orphan"); });
  expect_told(e, kind::lost, "mcp.py", "tools/call", "exit code 0");
  EXPECT_EQ(text_of_call(one, "a"), "ok");
}

TEST_F(stdio, who_reads_no_more_is_ended) {
  const client one = started({});
  EXPECT_EQ(text_of_call(one, "deaf"), "deaf");
  EXPECT_EQ(error_of([&] { text_of_call(one, "a"); }).why(), kind::lost);
  EXPECT_EQ(text_of_call(one, "a"), "ok");
}

TEST_F(stdio, a_line_that_is_too_long_is_an_error) {
  client_options options;
  options.reply_limit = 50'000;
  const client one = started({}, options);
  expect_told(error_of([&] { text_of_call(one, "long"); }), kind::broken, "mcp.py", "tools/call",
              "50000 bytes");
}

TEST_F(stdio, an_error_of_nobody_is_that_of_the_one_who_waits) {
  const client one = started({});
  expect_told(error_of([&] { text_of_call(one, "nobody"); }), kind::refused, "mcp.py", "tools/call",
              "what?");
}

TEST_F(stdio, a_call_that_is_cancelled_says_so) {
  const client one = started({"log"});
  const tool_call call = one.call("hold");
  ASSERT_TRUE(wait_until([&] { return heard("holding"); }));
  call.cancel();
  EXPECT_EQ(call.wait().status, task_status::cancelled);
  EXPECT_TRUE(wait_until([&] { return heard("notifications/cancelled"); }));
  EXPECT_EQ(text_of_call(one, "a"), "ok");
}

TEST_F(stdio, questions_find_their_handler_or_are_declined) {
  client_options options;
  options.can = {client_capability::elicitation_form};
  const client one = started({}, options);
  EXPECT_EQ(text_of_call(one, "ask"), R"({"action": "decline"})");
  call_options how;
  how.on_question = [](const asked_question&) -> std::optional<question_reply> {
    return answer{answer::action::accept, raw_json::parse(R"({"n":1})")};
  };
  EXPECT_EQ(one.call("ask", raw_json(), how).wait().value().text(),
            R"({"action": "accept", "content": {"n": 1}})");
}

TEST_F(stdio, one_that_starts_slowly_is_known_by_its_late_answer) {
  const client one = started({"modern", "slow"});
  EXPECT_EQ(one.connect().version, "2026-07-28");
  EXPECT_EQ(text_of_call(one, "a"), "modern");
}

TEST_F(stdio, what_a_server_misses_is_told) {
  client_options options;
  options.only_version = "2025-11-25";
  const client one = started({"modern"}, options);
  expect_told(error_of([&] { text_of_call(one, "a"); }), kind::refused, "mcp.py", "tools/call",
              "capability (io.modelcontextprotocol/tasks)");
}

TEST_F(stdio, it_ends_with_its_client) {
  {
    EXPECT_EQ(text_of_call(started({}), "a"), "ok");
  }
  EXPECT_TRUE(here.empty_soon());
}

TEST_F(stdio, who_does_not_want_to_end_is_killed_with_all_it_started) {
  {
    EXPECT_EQ(text_of_call(started({"stubborn"}), "a"), "ok");
  }
  EXPECT_TRUE(here.empty_soon());
}

TEST_F(stdio, descriptors_are_not_kept) {
  const client one = started({});
  text_of_call(one, "a");
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 5; ++i) error_of([&] { text_of_call(one, "die"); });
  text_of_call(one, "a");
  EXPECT_TRUE(wait_until([&] { return open_descriptors() <= before; }));
}

TEST(stdio_command, what_cannot_be_started_is_unreachable) {
  for (const auto& [command, directory] :
       {std::pair("/no/such/command", ""), std::pair("python3", "/no/such/folder")}) {
    server_place place;
    place.command = {command};
    place.directory = directory;
    const client one(place);
    expect_told(error_of([&] { one.call("a").wait(); }), kind::unreachable, command, directory,
                "No such file");
  }
}

}  // namespace
}  // namespace longhaul::test
