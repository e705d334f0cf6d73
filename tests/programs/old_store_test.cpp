// SPDX-License-Identifier: Apache-2.0
// A file of an older version under the real server: `v2.db` is what the server of version 2 left
// when it was killed, with tasks of the tools below in every state.
#include "programs/fixture.hpp"
#include "sqlite/connection.hpp"

namespace longhaul::test {
namespace {

class old_store : public serve {
 protected:
  std::string file_of_version_2() {
    fs::create_directories(home.file("state"));
    const std::string file = home.file("state/test.db");
    fs::copy_file(LONGHAUL_TEST_DATA "/../stores/v2.db", file);
    sqlite::connection read(file);
    EXPECT_EQ(read.number("PRAGMA user_version"), 2);
    return file;
  }
  static std::vector<std::string> ids_of(const std::string& file, const std::string& tool) {
    sqlite::connection read(file);
    std::vector<std::string> ids;
    const auto count = read.number("SELECT count(*) FROM tasks WHERE tool = '" + tool + "'");
    for (std::int64_t i = 0; i < count; ++i) {
      ids.push_back(read.text("SELECT id FROM tasks WHERE tool = '" + tool +
                              "' ORDER BY seq LIMIT 1 OFFSET " + std::to_string(i)));
    }
    return ids;
  }
  static std::string store(const std::string& verb, const std::string& file) {
    child run({LONGHAUL_SERVE, "store", verb, file});
    std::string said;
    for (std::string line = run.output_line(); !line.empty(); line = run.output_line()) {
      said += line + "\n";
    }
    EXPECT_EQ(run.wait(), 0) << said << run.all_errors();
    return said;
  }

  // As they were: `work` saves a checkpoint and waits, `ask` asks two questions.
  const std::string rerun = std::string(marked) + "on_crash = \"rerun\"\nretry_backoff = \"1ms\"\n";
  const std::string tools =
      script_tool(home, "work",
                  R"(printf '{"restore":true}\n' >&"$LONGHAUL_FD"; )"
                  R"(IFS= read -r from <&"$LONGHAUL_FD")"
                  "\necho \"attempt $LONGHAUL_ATTEMPT from $from\"\n",
                  rerun + "max_running = 1\n") +
      script_tool(home, "ask",
                  R"(ask() { printf '{"ask":{"key":"%s","message":"%s?","schema":{"type":)"
                  R"("object","properties":{"v":{"type":"string"}}}}}\n' "$1" "$1" )"
                  R"(>&"$LONGHAUL_FD"; IFS= read -r answer <&"$LONGHAUL_FD"; })"
                  "\nask one; a=$answer; ask two; echo \"$a $answer\"\n",
                  rerun) +
      script_tool(home, "once", "echo never", marked) +
      script_tool(home, "quick", "echo again", marked) +
      script_tool(home, "fails", "exit 3", marked);
};

TEST_F(old_store, of_version_2_is_brought_forward_and_its_tasks_run) {
  const std::string file = file_of_version_2();
  const auto work = ids_of(file, "work");
  ASSERT_EQ(work.size(), 3U) << "one that ran, one that waited, one that was cancelled";
  {
    served server(home, tools);
    const auto text_of_task = [&](const std::string& task) {
      return served::text(server.end_of(task).at("result").as_object());
    };
    EXPECT_EQ(text_of_task(work[0]), "attempt 2 from {\"checkpoint\":{\"frame\":7}}\n");
    EXPECT_EQ(text_of_task(work[1]), "attempt 1 from {\"checkpoint\":null}\n");
    EXPECT_EQ(served::status(server.get(work[2])), "cancelled");
    EXPECT_EQ(served::status(server.get(ids_of(file, "once")[0])), "failed");
    EXPECT_EQ(text_of_task(ids_of(file, "quick")[0]), "done\n");
    EXPECT_TRUE(served::is_error(server.end_of(ids_of(file, "fails")[0]).at("result").as_object()));
    const json::object call = {
        {"name", "quick"},
        {"arguments", json::object{}},
        {"_meta", {{"longhaul.dev/idempotency-key", "a-key-of-at-least-22-characters"}}}};
    EXPECT_EQ(server.ask("tools/call", call).at("result").at("taskId"),
              json::value(ids_of(file, "quick")[0]));

    const std::string ask = ids_of(file, "ask")[0];
    EXPECT_TRUE(wait_until([&] {
      const auto is = server.get(ask);
      const auto* open = is.if_contains("inputRequests");
      return open != nullptr && open->as_object().contains("two");
    }));
    const json::object given = {{"action", "accept"}, {"content", {{"v", "second"}}}};
    server.ask("tasks/update", {{"taskId", ask}, {"inputResponses", {{"two", given}}}});
    const std::string said = text_of_task(ask);
    EXPECT_NE(said.find("first"), std::string::npos) << said;
    EXPECT_NE(said.find("second"), std::string::npos) << said;
    EXPECT_EQ(store("check", file), file + ": sound\n") << "beside the server";
    server.process().signal(SIGTERM);
    EXPECT_EQ(server.process().wait(), 0);
  }
  EXPECT_EQ(store("check", file), file + ": sound\n");
  EXPECT_EQ(sqlite::connection(file).number("PRAGMA user_version"), 5);
}

TEST_F(old_store, of_version_2_is_migrated_by_hand) {
  const std::string file = file_of_version_2();
  store("migrate", file);
  EXPECT_EQ(sqlite::connection(file).number("PRAGMA user_version"), 5);
  EXPECT_EQ(store("check", file), file + ": sound\n");
  served server(home, tools);
  EXPECT_EQ(served::status(server.end_of(ids_of(file, "work")[0])), "completed");
}

}  // namespace
}  // namespace longhaul::test
