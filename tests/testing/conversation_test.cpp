// SPDX-License-Identifier: Apache-2.0
// Conversations: what is said of a line that does not go as written, and what a recording writes.
#include "longhaul/testing/conversation.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "longhaul/longhaul.hpp"
#include "longhaul/testing/reply.hpp"
#include "support/temporary_folder.hpp"

namespace longhaul::test {
namespace talk_tests {

using namespace testkit;  // NOLINT(google-build-using-namespace): as a user writes it
using testkit::conversation;

const std::string call =
    R"(> POST modern {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"hello",)"
    R"({{meta}}}})";
const std::string answered =
    R"(< 200 {"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","_meta":)"
    R"({"io.modelcontextprotocol/serverInfo":{"name":"talk","version":"0.1.0"}},)"
    R"("content":[{"type":"text","text":"hello"}]}})";

class conversation_test : public testing::Test {
 protected:
  conversation_test() {
    definition_.add_tool({.name = "hello"}, [] { return "hello"; });
    definition_.add_tool({.name = "nap"}, [](task_context& task) {
      task.sleep_for(std::chrono::minutes(1));
      return "awake";
    });
  }
  std::string play(const std::string& lines, recording mode = recording::off) {
    file_ = folder_.write("talk.txt", "Says hello.\n---\n" + lines);
    test_server serving(definition_, {.time_passes = false});
    conversation talk(file_);
    talk.on("agree", [](const std::string& rest) { return rest == "yes"; });
    std::string fault = talk.play(serving, mode);
    shown_ = talk.answered();
    return fault;
  }
  std::string lines() const {
    std::ifstream in(file_);
    std::stringstream all;
    all << in.rdbuf();
    return all.str().substr(all.str().find("---\n") + 4);
  }

  temporary_folder folder_;
  std::string file_;
  server definition_{{.name = "talk"}};
  std::set<std::pair<std::string, std::string>> shown_;
};

TEST_F(conversation_test, what_goes_as_written_is_known_to_be_answered) {
  EXPECT_EQ(play(call + "\n" + answered + "\n"), "");
  EXPECT_EQ(shown_, (std::set<std::pair<std::string, std::string>>{{"2026-07-28", "tools/call"}}));
}

TEST_F(conversation_test, a_difference_is_shown_with_its_line_and_place) {
  std::string wrong = answered;
  wrong.replace(wrong.find("\"text\":\"hello\""), 14, "\"text\":\"hullo\"");
  const std::string fault = play("# first\n" + call + "\n" + wrong + "\n");
  EXPECT_NE(fault.find("talk.txt:5: < 200"), std::string::npos) << fault;
  EXPECT_NE(fault.find("wanted: 200"), std::string::npos);
  EXPECT_NE(fault.find("came:   200"), std::string::npos);
  const auto caret = fault.find("^"), shown = fault.rfind('\n', caret - 1);
  const auto line = fault.rfind('\n', shown - 1) + 1;
  EXPECT_EQ(fault.substr(line, shown - line).substr(4).find("ello\"}]}}"),
            caret - shown - 1 - 4 + 2)
      << "…: three bytes for one column\n"
      << fault;
}

TEST_F(conversation_test, what_is_missing_or_too_much_is_told) {
  EXPECT_NE(play(call + "\n" + answered + "\n" + answered + "\n").find("nothing came"),
            std::string::npos);
  EXPECT_NE(play(call + "\n").find("(end)\n  at the end, more has come: < 200"), std::string::npos);
  EXPECT_NE(play("! dance\n").find("there is no command dance"), std::string::npos);
  EXPECT_NE(play("! agree no\n").find("it did not happen"), std::string::npos);
  EXPECT_EQ(play("! agree yes\n! idle\n"), "");
  EXPECT_NE(play("x< 200\n").find("there is no request named \"x\""), std::string::npos);
  EXPECT_NE(play("! advance soon\n").find("takes milliseconds"), std::string::npos);
  EXPECT_NE(play("> POST wrong {}\n").find("a header is not understood: wrong"), std::string::npos);
  EXPECT_NE(play("nonsense\n").find("not understood"), std::string::npos);
  EXPECT_NE(play("! closed x\n").find("there is no request named"), std::string::npos);
}

TEST_F(conversation_test, a_recording_fills_in_what_comes) {
  EXPECT_EQ(play(call + "\n<\n", recording::on), "");
  EXPECT_EQ(lines(), call + "\n" + answered + "\n");
  EXPECT_EQ(play(call + "\n", recording::on), "") << "where no line waits for it";
  EXPECT_EQ(lines(), call + "\n" + answered + "\n");
  EXPECT_EQ(play(call + "\n" + answered + "\n" + answered + "\n", recording::on), "");
  EXPECT_EQ(lines(), call + "\n" + answered + "\n") << "what does not come goes";
}

TEST_F(conversation_test, a_recording_names_what_the_server_chose) {
  const std::string task = R"(> POST modern {"jsonrpc":"2.0","id":1,"method":"tools/call",)"
                           R"("params":{"name":"nap",{{meta tasks}}}})";
  const std::string look = R"(> POST modern {"jsonrpc":"2.0","id":2,"method":"tasks/get",)"
                           R"("params":{"taskId":"{{task:1}}",{{meta tasks}}}})";
  EXPECT_EQ(play(task + "\n<\n! idle\n! advance 60000\n! await_status {{task:1}} completed\n" +
                     look + "\n<\n",
                 recording::on),
            "");
  const std::string recorded = lines();
  EXPECT_NE(recorded.find(R"("taskId":"{{task:1}}","status":"working","createdAt":"{{time}}")"),
            std::string::npos)
      << recorded;
  EXPECT_NE(recorded.find("awake"), std::string::npos);
  EXPECT_EQ(play(recorded), "") << "and it is what comes again";
}

TEST_F(conversation_test, what_cannot_be_read_is_said) {
  EXPECT_THROW(conversation(folder_.file("none")), std::runtime_error);
  EXPECT_THROW(conversation(folder_.write("prose", "only words\n")), std::runtime_error);
  EXPECT_EQ(conversation(folder_.write("some", "x\n--- fast, loud\n")).settings(), "fast, loud");
}

}  // namespace talk_tests
}  // namespace longhaul::test
