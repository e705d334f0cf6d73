// SPDX-License-Identifier: Apache-2.0
// A model cut an emoji in half, the host wrote "cut \ud83d", and our parser refused the text: the
// error had no id, in a session even with HTTP 200, and the host waited out its whole time limit.
// So it went with an integer of 65 bits, with 1e999, with anything that is JSON to others only, and
// with lines that were cut off. JSON-RPC 2.0 section 5: the id is answered if it can be detected.
//
// Half a surrogate pair is U+FFFD now, numbers of any size are carried, and whatever stays
// unreadable is answered to its id: on every transport, in every era.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>
#include <set>
#include <sstream>

#include "json/view.hpp"
#include "protocol/jsonrpc.hpp"
#include "support/seed.hpp"
#include "wire/exchange_player.hpp"

namespace longhaul::test {
namespace {

std::string call(const std::string& arguments, const std::string& more = "") {
  return R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":)" +
         arguments + more + "}}";
}
const std::string modern = "," + modern_meta();

const std::vector<std::string>& unreadable() {
  static const std::vector<std::string> texts = {
      R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","argum)",
      R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"a":NaN}})",
      R"({"jsonrpc":"2.0","method":"tools/call","params":{"a":Infinity},"id":7})",
      R"({"jsonrpc":"2.0","method":"tools/call","params":{"a":01},"id":7})",
      R"({"jsonrpc":"2.0","method":"tools/call","params":{"a":"\x41"},"id":7})",
      R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{'a':'b'}})",
      R"({"jsonrpc":"2.0","method":"tools/call","params":{'a':'b'},"id":7})",
      R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"a":[1,2,]}})",
      R"({"jsonrpc":"2.0","id":7,"method":"tools/call"} trailing)",
      R"({"jsonrpc":"2.0","id":7,"method":"tools/call"}})",
      "{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":{\"a\":\"\xFF\"},\"id\":7}",
      "{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":{\"a\":\"\x01\"},\"id\":7}",
      "\xEF\xBB\xBF{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}",
      R"({"jsonrpc":"2.0","method":"x","params":{"a":)" + std::string(600, '[') +
          std::string(600, ']') + R"(},"id":7})",
      R"({"jsonrpc":"2.0","id":7,"method":"ping","method":"ping"})",
      R"({"jsonrpc":"2.0","id":7,"id":7,"method":"ping"})",
      R"({"jsonrpc":"2.0","id":7,"method":"ping","params":[]})",
      R"({"jsonrpc":"1.0","id":7,"method":"ping"})",
      R"({"jsonrpc":"2.0","id":7})",
      R"({"jsonrpc":"2.0","id":7,"method":null})",
  };
  return texts;
}

struct way {
  std::string name;
  header_list headers;
};

// Every way over HTTP that a refused text may come.
std::vector<way> ways(fixture_server& server) {
  std::vector<way> all = {{"modern", {{"MCP-Protocol-Version", "2026-07-28"}}},
                          {"nothing said", {}},
                          {"a dead session", {{"Mcp-Session-Id", "gone"}}}};
  for (const std::string version : {"2025-11-25", "2025-06-18", "2025-03-26"}) {
    const std::string session = begin_session(server, version);
    all.push_back({version, {{"Mcp-Session-Id", session}}});
    all.push_back(
        {version + " named", {{"Mcp-Session-Id", session}, {"MCP-Protocol-Version", version}}});
  }
  return all;
}

wire::http_reply post(fixture_server& server, const header_list& headers, const std::string& body) {
  const auto out = send_http(server, "POST", headers, body);
  while (auto next = out->next()) {
    if (next->reply) return *next->reply;
  }
  return {};
}

class pipe_client {
 public:
  explicit pipe_client(fixture_server& server)
      : server_(server),
        out_(std::make_shared<test_outlet>(server.context())),
        pipe_(server.pipe(out_)) {}

  std::string ask(const std::string& line) {
    send_line(server_, *pipe_, line);
    const auto came = out_->next();
    return came ? came->text : "nothing came";
  }
  void tell(const std::string& line) { send_line(server_, *pipe_, line); }
  void initialize(const std::string& version) {
    ask(R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":")" + version +
        R"(","capabilities":{}}})");
  }

 private:
  fixture_server& server_;
  std::shared_ptr<test_outlet> out_;
  std::unique_ptr<wire::pipe_endpoint> pipe_;
};

TEST(unreadable_requests, are_answered_to_their_id_over_http_with_400) {
  fixture_server server;
  for (const auto& [name, headers] : ways(server)) {
    for (const std::string& text : unreadable()) {
      const auto reply = post(server, headers, text);
      EXPECT_EQ(reply.status, 400) << name << ": " << text.substr(0, 200);
      const json::value error = view(reply.body);
      EXPECT_EQ(error["id"].raw(), "7") << name << ": " << text.substr(0, 200);
      const auto code = error["error"]["code"].integer().value_or(0);
      EXPECT_TRUE(code == -32700 || code == -32600) << reply.body;
    }
  }
}

TEST(unreadable_requests, are_answered_to_their_id_on_a_pipe) {
  fixture_server server;
  for (const std::string version : {"", "2025-11-25", "2025-06-18", "2025-03-26"}) {
    pipe_client pipe(server);
    if (!version.empty()) pipe.initialize(version);
    for (const std::string& text : unreadable()) {
      const std::string reply = pipe.ask(text);
      EXPECT_EQ(view(reply)["id"].raw(), "7") << version << ": " << text.substr(0, 200);
      EXPECT_TRUE(view(reply)["error"]) << reply;
    }
  }
}

TEST(unreadable_requests, in_an_array_are_answered_to_every_id) {
  const std::string text =
      R"([{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":"b","method":"x","params":NaN},)"
      R"({"jsonrpc":"2.0","method":"notifications/x","params":{"a":01}}])";
  const auto ids = [](const std::string& reply) {
    std::string all;
    for (json::elements e(view(reply)); e.next();) {
      all.append(e.value()["id"].raw()).append(e.value()["error"] ? " " : "? ");
    }
    return all.empty() ? reply : all;
  };
  fixture_server server;
  for (const auto& [name, headers] : ways(server)) {
    const auto reply = post(server, headers, text);
    EXPECT_EQ(reply.status, 400) << name;
    EXPECT_EQ(ids(reply.body), R"(1 "b" )") << name;
  }
  for (const std::string version : {"", "2025-11-25", "2025-03-26"}) {
    pipe_client pipe(server);
    if (!version.empty()) pipe.initialize(version);
    EXPECT_EQ(ids(pipe.ask(text)), R"(1 "b" )") << version;
  }
}

TEST(unreadable_requests, half_an_emoji_is_read) {
  fixture_server server;
  const std::string cut = R"({"text":"cut \ud83d","\ud83d":["\ude80"]})";
  const std::string read = R"(cut )"
                           "\xEF\xBF\xBD";
  const auto text_of = [](const std::string& reply) {
    json::elements content(view(reply)["result"]["content"]);
    return content.next() ? content.value()["text"].string().value_or("") : reply;
  };
  EXPECT_EQ(text_of(post_modern(server, call(cut, modern)).body), read);
  const auto session = begin_session(server);
  EXPECT_EQ(text_of(post_legacy(server, session, call(cut)).body), read);
  pipe_client pipe(server);
  EXPECT_EQ(text_of(pipe.ask(call(cut, modern))), read);
  pipe.initialize("2025-11-25");
  EXPECT_EQ(text_of(pipe.ask(call(cut))), read);
}

TEST(unreadable_requests, an_id_is_sent_back_as_it_came_with_half_an_emoji_too) {
  fixture_server server;
  pipe_client pipe(server);
  EXPECT_EQ(pipe.ask(R"({"jsonrpc":"2.0","id":"\ud83d","method":"ping","params":{"a":"\ud83d"}})"),
            R"({"jsonrpc":"2.0","id":"\ud83d","result":{}})");
  pipe.initialize("2025-03-26");
  EXPECT_EQ(pipe.ask(R"([{"jsonrpc":"2.0","id":"\ude80x","method":"ping"}])"),
            R"([{"jsonrpc":"2.0","id":"\ude80x","result":{}}])");
}

TEST(unreadable_requests, numbers_of_any_size_are_carried_and_refused_where_an_integer_is_wanted) {
  fixture_server server;
  for (const char* number : {"18446744073709551616", "-9223372036854775809", "1e999", "-1E+400"}) {
    const auto fine = post_modern(server, call(std::string(R"({"n":)") + number + "}", modern));
    EXPECT_EQ(fine.status, 200) << fine.body;
    EXPECT_TRUE(view(fine.body)["result"]) << fine.body;
    const std::string strict = R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":)"
                               R"("strict","arguments":{"n":)" +
                               std::string(number) + "}" + modern + "}}";
    const auto refused = post_modern(server, strict);
    EXPECT_EQ(view(refused.body)["result"]["isError"].boolean(), true) << refused.body;
  }
  EXPECT_EQ(
      pipe_client(server).ask(R"({"jsonrpc":"2.0","id":99999999999999999999,"method":"ping"})"),
      R"({"jsonrpc":"2.0","id":99999999999999999999,"result":{}})");
}

TEST(unreadable_requests, that_wait_for_no_answer_get_none) {
  fixture_server server;
  for (const std::string text :
       {R"({"jsonrpc":"2.0","method":"notifications/x","params":{"a":NaN}})",
        R"({"jsonrpc":"2.0","method":"notifications/x","params":[]})",
        R"({"jsonrpc":"1.0","method":"notifications/x"})",
        R"({"jsonrpc":"2.0","method":"notifications/x","method":"notifications/x"})",
        R"({"jsonrpc":"2.0","id":1,"result":{"a":NaN}})",
        R"({"jsonrpc":"2.0","id":1,"result":{},"error":{}})", R"({"id":1,"result":{}})"}) {
    for (const auto& [name, headers] : ways(server)) {
      const auto reply = post(server, headers, text);
      EXPECT_EQ(reply.status, 400) << name << ": " << text;
      EXPECT_EQ(reply.body, "") << name << ": " << text;
    }
    pipe_client pipe(server);
    pipe.tell(text);
    EXPECT_EQ(pipe.ask(R"({"jsonrpc":"2.0","id":2,"method":"ping"})"),
              R"({"jsonrpc":"2.0","id":2,"result":{}})")
        << text;
  }
}

std::string from_hex(const std::string& hex) {
  std::string text;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    text.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return text;
}

// The ids in a reply, as keys: spellings do not matter.
std::multiset<std::string> ids_of(json::value reply) {
  std::multiset<std::string> ids;
  if (const auto id = reply["id"]; id.is(json::kind::string) || id.is(json::kind::number)) {
    ids.insert(protocol::id_key(id));
  }
  for (json::elements e(reply); e.next();) ids.merge(ids_of(e.value()));
  return ids;
}

TEST(unreadable_requests, whatever_python_reads_is_answered_to_its_id) {
  fixture_server server;
  pipe_client fresh(server), old(server);
  old.initialize("2025-03-26");
  const std::string command = "python3 " LONGHAUL_TEST_DATA "/python_reads.py " +
                              std::to_string(random_seed() % 1'000'000) + " " +
                              std::to_string(2000 / slowdown);
  const std::unique_ptr<FILE, int (*)(FILE*)> python(::popen(command.c_str(), "r"), ::pclose);
  ASSERT_TRUE(python);
  std::string output;
  std::array<char, 65536> buffer{};
  for (std::size_t got = 0; (got = ::fread(buffer.data(), 1, buffer.size(), python.get())) > 0;) {
    output.append(buffer.data(), got);
  }
  std::istringstream lines(output);
  std::size_t seen = 0;
  for (std::string line; std::getline(lines, line); ++seen) {
    std::istringstream words(line);
    std::string hex, word;
    words >> hex;
    const std::string text = from_hex(hex);
    std::multiset<std::string> wanted;
    while (words >> word) {
      if (word != "-") wanted.insert(protocol::id_key(view(word)));
    }
    if (wanted.empty()) continue;
    const auto reply = post(server, {{"MCP-Protocol-Version", "2026-07-28"}}, text);
    EXPECT_EQ(ids_of(view(reply.body)), wanted) << text.substr(0, 2000) << "\n" << reply.body;
    for (pipe_client* pipe : {&fresh, &old}) {
      const std::string answer = pipe->ask(text);
      EXPECT_EQ(ids_of(view(answer)), wanted) << text.substr(0, 2000) << "\n" << answer;
    }
    if (testing::Test::HasFailure()) break;
  }
  EXPECT_GE(seen, 100U) << "python3 is needed";
}

}  // namespace
}  // namespace longhaul::test
