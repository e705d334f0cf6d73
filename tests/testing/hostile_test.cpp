// SPDX-License-Identifier: Apache-2.0
// Prompts, resources and completions beyond what anybody means: very many, very large, for ever.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "longhaul/longhaul.hpp"
#include "longhaul/testing.hpp"

namespace longhaul::testkit {
namespace {

using namespace std::chrono_literals;

server_options hostile() {
  server_options about;
  about.name = "hostile";
  return about;
}

TEST(hostile, a_thousand_prompts_are_listed_each_once) {
  server made{hostile()};
  for (int i = 0; i < 1000; ++i) {
    made.add_prompt({.name = "p" + std::to_string(i)}, [] { return std::string("Hello"); });
  }
  test_server running(made);
  for (const revision spoken : {revision::v2025_03_26, revision::v2026_07_28}) {
    client host(running, {.revision = spoken});
    const auto listed = host.list_prompts();
    ASSERT_EQ(listed->size(), 1000U);
    std::set<std::string> names;
    for (const result& one : *listed) names.insert(one.get<std::string>("/name"));
    EXPECT_EQ(names.size(), 1000U);
    EXPECT_EQ(host.get_prompt("p999")->text(), "Hello");
  }
}

TEST(hostile, a_completion_that_never_returns_ends_at_its_limit) {
  server made{hostile()};
  prompt_options forever;
  forever.name = "forever";
  forever.arguments = {{.name = "when"}};
  forever.complete = {{"when", [](task_context& task, const completion_request&) {
                         task.sleep_for(1h);
                         return std::vector<std::string>{"never"};
                       }}};
  made.add_prompt(std::move(forever), [](const raw_json&) { return std::string("Hello"); });
  test_server running(made);
  client host(running);
  const auto before = running.clock().monotonic();
  EXPECT_NE(host.complete_prompt("forever", "when", "n").code(), 0);
  EXPECT_LE(running.clock().monotonic() - before, defaults::completion_limit + 5s);
  EXPECT_EQ(host.get_prompt("forever")->text(), "Hello");
}

TEST(hostile, ten_megabytes_of_bytes_are_read_whole) {
  const std::vector<std::byte> large(std::size_t{10} << 20, std::byte{0xA5});
  server made{hostile()};
  made.add_resource({.uri = "data:///fixed"}, resource_content::blob(std::span(large)));
  made.add_resource({.uri = "data:///made"}, [&large] { return large; });
  test_server running(made);
  client host(running);
  for (const std::string uri : {"data:///fixed", "data:///made"}) {
    const auto read = host.read_resource(uri);
    const auto blob = read->get<std::string>("/contents/0/blob");
    EXPECT_EQ(blob.size(), (large.size() + 2) / 3 * 4) << uri;
    EXPECT_TRUE(blob.starts_with("paWlpaWl"));
  }
}

}  // namespace
}  // namespace longhaul::testkit
