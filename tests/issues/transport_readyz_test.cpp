// SPDX-License-Identifier: Apache-2.0
// `/readyz` told strangers where the files lie: the reason came as the store had put it, paths and
// all. And the log had a line for each connection that could not be accepted. What is told to
// anybody has no paths, and the log has them, once an episode.
#include "transport/episode.hpp"
#include "transport/http_kit.hpp"
#include "transport/ready_check.hpp"

namespace longhaul::transport {
namespace {

using test::client;
using test::reply;

TEST(without_paths, takes_paths_out_and_leaves_the_words) {
  const std::pair<std::string, std::string> cases[] = {
      {"draining", "draining"},
      {"the store does not work: disk full", "the store does not work: disk full"},
      {"/var/lib/a.db: disk full", "[path]: disk full"},
      {"cannot open \"/home/al ice/a.db\" now", "cannot open \"[path]\" now"},
      {"cannot open '/home/a: b' now", "cannot open '[path]' now"},
      {"cannot open /home/al ice/a.db: no space (28)", "cannot open [path]: no space (28)"},
      {"in /a/b, not in /c/d; see (/e/f)", "in [path], not in [path]; see ([path])"},
      {"sqlite:/var/a.db is gone", "sqlite:[path]"},
      {"path=/var/a.db", "path=[path]"},
      {"~/a.db", "~[path]"},
      {"//server/share", "[path]"},
      {"read/write of 1/2 failed", "read/write of 1/2 failed"},
      {"/", "[path]"},
      {"line one /a\nline two", "line one [path]\nline two"},
  };
  for (const auto& [text, told] : cases) EXPECT_EQ(without_paths(text), told);
}

TEST(episode, is_told_once_and_once_when_it_is_over) {
  episode trouble("no: ", "over");
  EXPECT_EQ(trouble.sweep().text, "");
  EXPECT_EQ(trouble.trouble("why").text, "no: why");
  for (int i = 0; i < 100; ++i) {  // one comes through now and then
    EXPECT_EQ(trouble.trouble("why").text, "");
    trouble.fine();
    EXPECT_EQ(trouble.sweep().text, "");
  }
  EXPECT_EQ(trouble.trouble("why").text, "");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(trouble.sweep().text, "") << "nothing was tried since";
  trouble.fine();
  std::string told;
  for (int i = 0; i < tunables::calm_sweeps; ++i) told += trouble.sweep().text;
  EXPECT_EQ(told, "over");
  EXPECT_EQ(trouble.sweep().text, "");
  EXPECT_EQ(trouble.trouble("again").text, "no: again");
}

class probes : public test::over_both {};

TEST_P(probes, tell_reasons_without_paths_and_the_log_gets_them_once) {
  std::mutex mutex;
  std::string cause = "the store cannot be written: /home/alice/files.db: disk full";
  std::vector<std::string> logged;
  options.not_ready = [&] {
    const std::lock_guard lock(mutex);
    if (cause == "throw") throw std::runtime_error("open /home/alice/x failed");
    return cause;
  };
  options.log = [&](const log_record& what) {
    const std::lock_guard lock(mutex);
    if (what.event == "http.refused") return;  // not of interest here
    logged.push_back(std::string(what.event) + " " + std::string(what.text));
  };
  start();
  client peer = connect();
  const auto ask = [&](const std::string& now) {
    {
      const std::lock_guard lock(mutex);
      cause = now;
    }
    EXPECT_TRUE(peer.send("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    const reply got = peer.read_reply();
    return std::to_string(got.status) + " " + got.body;
  };
  const std::string full = cause;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ask(full), "503 the store cannot be written: [path]: disk full\n");
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("throw"), "503 the readiness check failed\n");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(""), "200 ready\n");
  const std::lock_guard lock(mutex);
  EXPECT_EQ(logged, (std::vector<std::string>{
                        "server.not_ready " + full,
                        "server.not_ready the check failed: open /home/alice/x failed",
                        "server.ready again"}));
}

// Every deployment that drains had an error in its log.
TEST(ready_check, a_drain_is_a_warning_and_no_error) {
  std::vector<std::pair<log_level, std::string>> logged;
  ready_check check([] { return std::string("draining"); }, logger([&](const log_record& what) {
                      logged.emplace_back(what.level, std::string(what.event));
                      EXPECT_EQ(what.text, "draining");
                    }));
  EXPECT_EQ(check.cause(), "draining");
  EXPECT_EQ(check.cause(), "draining");
  ASSERT_EQ(logged.size(), 1u);
  EXPECT_EQ(logged[0].first, log_level::warning);
  EXPECT_EQ(logged[0].second, "server.not_ready");
}

INSTANTIATE_TEST_SUITE_P(over, probes, test::tcp_and_tls, test::name_of_transport);

}  // namespace
}  // namespace longhaul::transport
