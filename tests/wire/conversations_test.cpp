// SPDX-License-Identifier: Apache-2.0
// Every tests/wire/*.txt is played as one test of its name, and all of them together show every
// method of every revision.
//
// Settings, behind the dashes: "changing tools" (features come and go), "features" (prompts and
// resources), and those of the kit. Commands: `open DOOR`, `arrived DOOR` (a handler stands at it),
// `stopped DOOR` (one was told to stop there), `add_tool NAME OWNER` (without OWNER: for
// everybody), `remove_tool NAME`, `resource_updated URI`.
#include "longhaul/testing/conversation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "feature_fixtures.hpp"
#include "fixture_server.hpp"
#include "longhaul/server.hpp"
#include "protocol/era.hpp"
#include "wire/method_table.hpp"

namespace longhaul::test {
namespace {

std::vector<std::string> names() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(LONGHAUL_TEST_DATA)) {
    if (entry.path().extension() == ".txt") found.push_back(entry.path().stem().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool says(const testkit::conversation& talk, std::string_view setting) {
  return talk.settings().find(setting) != std::string::npos;
}

void add_commands(testkit::conversation& talk, serving::catalog& tools, doors& door) {
  talk.on("open", [&](const std::string& name) { return door.open(name), true; })
      .on("arrived", [&](const std::string& name) { return door.await_arrival(name); })
      .on("stopped", [&](const std::string& name) { return door.await_stop(name); })
      .on("add_tool",
          [&](const std::string& rest) {
            const auto stop = std::min(rest.find(' '), rest.size());
            add_fixture_tool(tools, rest.substr(0, stop),
                             rest.substr(std::min(stop + 1, rest.size())));
            return true;
          })
      .on("remove_tool", [&](const std::string& name) { return tools.remove_tool(name); })
      .on("resource_updated", [&](const std::string& uri) {
        tools.watch().updated(uri);
        return true;
      });
}

using answered = std::set<std::pair<std::string, std::string>>;

// What did not go as written; which requests got results is added to `shown`.
std::string play(const std::string& name, answered& shown) {
  testkit::conversation talk(LONGHAUL_TEST_DATA "/" + name + ".txt");
  server_options options;
  options.name = "fixture";
  options.version = "1.2";
  options.title = "Fixture";
  options.instructions = "Use it for tests.";
  options.dynamic = says(talk, "changing");
  server definition(std::move(options));
  doors door;
  add_fixture_tools(definition.features(), door);
  if (says(talk, "features")) add_features(definition.features());
  add_commands(talk, definition.features(), door);
  testkit::test_server serving(definition);
  std::string fault = talk.play(serving);
  shown.insert(talk.answered().begin(), talk.answered().end());
  door.open_all();
  return fault;
}

class conversation : public testing::TestWithParam<std::string> {};

TEST_P(conversation, goes_as_written) {
  answered shown;
  EXPECT_EQ(play(GetParam(), shown), "");
  EXPECT_FALSE(shown.empty());
}

INSTANTIATE_TEST_SUITE_P(wire, conversation, testing::ValuesIn(names()),
                         [](const auto& name) { return name.param; });

// Every method of every revision is shown: called, and answered with a result.
TEST(conversations, show_every_method_of_every_revision) {
  answered shown;
  for (const std::string& name : names()) play(name, shown);
  for (const auto version : {wire::revision::v2025_03_26, wire::revision::v2025_06_18,
                             wire::revision::v2025_11_25, wire::revision::v2026_07_28}) {
    const std::string revision(protocol::to_string(version));
    for (const wire::method_row& method : wire::method_rows()) {
      if (wire::find_method(version, method.name) == nullptr) continue;
      EXPECT_TRUE(shown.contains({revision, std::string(method.name)}))
          << "no conversation shows " << method.name << " in " << revision;
    }
    const bool has_sessions = version != wire::revision::v2026_07_28;
    EXPECT_EQ(shown.contains({revision, "initialize"}), has_sessions);
  }
}

}  // namespace
}  // namespace longhaul::test
