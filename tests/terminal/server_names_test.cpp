// SPDX-License-Identifier: Apache-2.0
#include "terminal/server_names.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "support/temporary_folder.hpp"
#include "terminal/expand.hpp"
#include "terminal/jsonc.hpp"

namespace longhaul::terminal {
namespace {

using words = std::vector<std::string>;
using pairs = std::vector<std::pair<std::string, std::string>>;

class ServerNames : public testing::Test {
 protected:
  ServerNames() { std::filesystem::create_directories(project_ + "/src/deep"); }

  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  server_spec find(std::string_view word) { return find_server(word, around_); }
  // What `find` refuses `word` with.
  std::string refusal(std::string_view word) {
    try {
      find(word);
    } catch (const no_such_server& refused) {
      return refused.what();
    }
    return "(found)";
  }

  test::temporary_folder root_;
  std::string project_ = root_.file("project");
  std::string claude_ = project_ + "/.mcp.json", vscode_ = project_ + "/.vscode/mcp.json";
  std::string own_ = root_.file("home/.config/longhaul/servers.toml");
  std::map<std::string, std::string> set_ = {{"HOME", root_.file("home")}};
  surroundings around_{[this](const std::string& name) {
                         const auto at = set_.find(name);
                         return at == set_.end() ? std::nullopt : std::optional(at->second);
                       },
                       project_ + "/src/deep"};
};

TEST_F(ServerNames, TakeAUrl) {
  EXPECT_EQ(find("http://localhost:8080/mcp").url, "http://localhost:8080/mcp");
  EXPECT_EQ(find("HTTPS://example.com/mcp").url, "HTTPS://example.com/mcp");
  EXPECT_EQ(find("https://example.com/x.toml").url, "https://example.com/x.toml");
  EXPECT_EQ(find("https://example.com/mcp").name, "https://example.com/mcp");
  EXPECT_EQ(find("https://example.com/mcp").origin, "");
}

TEST_F(ServerNames, TakeAFile) {
  write(project_ + "/tools.toml", "");
  const server_spec spec = find("../../tools.toml");
  EXPECT_EQ(spec.file, project_ + "/tools.toml");
  EXPECT_EQ(spec.name, "../../tools.toml");
  EXPECT_EQ(find(project_ + "/tools.toml").file, project_ + "/tools.toml");
  EXPECT_EQ(refusal("tools.toml"), "there is no file " + project_ + "/src/deep/tools.toml");
}

TEST_F(ServerNames, AreReadFromClaudeCode) {
  write(claude_, R"({"mcpServers": {
    "files": {"command": "npx", "args": ["-y", "files@1", "${WHERE:-/tmp}"],
              "env": {"TOKEN": "${TOKEN}", "DEBUG": true, "PORT": 80}},
    "web": {"type": "http", "url": "https://${HOST:-example.com}/mcp",
            "headers": {"Authorization": "Bearer ${TOKEN}"}}
  }})");
  set_["TOKEN"] = "se${cret}";
  const server_spec files = find("files");
  EXPECT_EQ(files.command, (words{"npx", "-y", "files@1", "/tmp"}));
  EXPECT_EQ(files.environment, (pairs{{"TOKEN", "se${cret}"}, {"DEBUG", "true"}, {"PORT", "80"}}))
      << "values are not expanded again";
  EXPECT_EQ(files.name, "files");
  EXPECT_EQ(files.directory, project_) << "that of the file";
  EXPECT_EQ(files.origin, claude_);
  EXPECT_EQ(files.url, "");
  const server_spec web = find("web");
  EXPECT_EQ(web.url, "https://example.com/mcp");
  EXPECT_EQ(web.headers, (pairs{{"Authorization", "Bearer se${cret}"}}));
  EXPECT_EQ(web.directory, "");
  set_["HOST"] = "host";
  EXPECT_EQ(find("web").url, "https://host/mcp");
}

TEST_F(ServerNames, AreReadFromVsCode) {
  write(vscode_, R"({
    // what the team uses
    "servers": {
      "files": {
        "type": "stdio", /* a program */
        "command": "${workspaceFolder}/bin/files",
        "args": ["--name", "${workspaceFolderBasename}", "${env:KEY}", "http://x/*y*/"],
        "cwd": "sub",
      },
      "web": {"url": "https://example.com/mcp"},
      "asks": {"command": "x", "args": ["${input:key}"]},
    },
    "inputs": [],
  })");
  set_["KEY"] = "k";
  const server_spec files = find("files");
  EXPECT_EQ(files.command,
            (words{project_ + "/bin/files", "--name", "project", "k", "http://x/*y*/"}));
  EXPECT_EQ(files.directory, project_ + "/sub");
  EXPECT_EQ(find("web").url, "https://example.com/mcp");
  EXPECT_EQ(refusal("asks"),
            vscode_ +
                ": server \"asks\": args: ${input:key} can only be asked for by an "
                "editor: write ${env:NAME} and set that variable");
}

TEST_F(ServerNames, AreReadFromOurOwnFile) {
  write(own_, R"([servers.files]
command = ["files", "--root", "${HOME}"]
env = { MODE = "fast", LEVEL = 3 }
directory = "/srv"

[servers.web]
url = "https://example.com/mcp"
headers = { X-Team = "${TEAM:-none}" }
bearer_env = "WEB_KEY"
)");
  const server_spec files = find("files");
  EXPECT_EQ(files.command, (words{"files", "--root", root_.file("home")}));
  EXPECT_EQ(files.environment, (pairs{{"LEVEL", "3"}, {"MODE", "fast"}}));
  EXPECT_EQ(files.directory, "/srv");
  EXPECT_EQ(refusal("web"), own_ + ": server \"web\": bearer_env: the variable WEB_KEY is not set");
  set_["WEB_KEY"] = "key";
  const server_spec web = find("web");
  EXPECT_EQ(web.bearer, "key");
  EXPECT_EQ(web.headers, (pairs{{"X-Team", "none"}}));
  set_["XDG_CONFIG_HOME"] = root_.file("other");
  EXPECT_NE(refusal("web").find("no server \"web\""), std::string::npos);
}

TEST_F(ServerNames, AreThoseOfTheNearestFile) {
  const auto url = [](const std::string& key, const std::string& host) {
    return "{\"" + key + "\":{\"x\":{\"url\":\"http://" + host + "\"}}}";
  };
  write(own_, "[servers.x]\nurl = \"http://own\"\n");
  EXPECT_EQ(find("x").url, "http://own");
  write(root_.file(".mcp.json"), url("mcpServers", "above"));
  EXPECT_EQ(find("x").url, "http://above");
  write(vscode_, url("servers", "vscode"));
  EXPECT_EQ(find("x").url, "http://vscode");
  write(claude_, url("mcpServers", "claude"));
  EXPECT_EQ(find("x").url, "http://claude");
  write(project_ + "/src/deep/.mcp.json", url("mcpServers", "deep"));
  EXPECT_EQ(find("x").url, "http://deep");
  EXPECT_EQ(find("x").origin, project_ + "/src/deep/.mcp.json");
}

TEST_F(ServerNames, AreThatOfTheEnvironmentIfNothingIsSaid) {
  EXPECT_EQ(refusal(""),
            "which server? Write a URL, a name, a FILE.toml or -- COMMAND, or set LONGHAUL_SERVER");
  set_["LONGHAUL_SERVER"] = "http://localhost/mcp";
  EXPECT_EQ(find("").url, "http://localhost/mcp");
  EXPECT_EQ(find("").origin, "$LONGHAUL_SERVER");
  EXPECT_EQ(find("http://other/").url, "http://other/");
  set_["LONGHAUL_SERVER"] = "x";
  EXPECT_TRUE(refusal("").starts_with("$LONGHAUL_SERVER: no server \"x\"; there are none"));
  write(own_, "[servers.x]\nurl = \"http://own\"\n");
  EXPECT_EQ(find("").origin, own_);
}

TEST_F(ServerNames, NameThoseThereAre) {
  write(claude_, R"({"mcpServers":{"github":{"url":"http://x"},"files":{"command":"x"}}})");
  write(own_, "[servers.other]\nurl = \"http://own\"\n");
  EXPECT_TRUE(refusal("gihtub").starts_with("no server \"gihtub\"; did you mean \"github\"?"));
  EXPECT_TRUE(refusal("zzz").starts_with(
      "no server \"zzz\"; there is one of \"github\", \"files\", \"other\" (a server is also"));
  EXPECT_NE(refusal("./server --fast").find("a command is written behind --"), std::string::npos);
}

TEST_F(ServerNames, AreAllListed) {
  write(claude_,
        R"({"mcpServers":{"a":{"url":"http://${X}"},"b":{"command":"run","args":["1"]}}})");
  write(vscode_, "{\n  \"servers\": {]}\n}");
  write(own_, "[servers.a]\nurl = \"http://own\"\n[servers.c]\ncommand = [\"run\", \"2\"]\n");
  const known_list list = known_servers(around_);
  ASSERT_EQ(list.servers.size(), 3U);
  EXPECT_EQ(list.servers[0].name, "a");
  EXPECT_EQ(list.servers[0].description, "http://${X}") << "as it is written";
  EXPECT_EQ(list.servers[0].origin, claude_);
  EXPECT_EQ(list.servers[1].description, "run 1");
  EXPECT_EQ(list.servers[2].name, "c");
  EXPECT_EQ(list.servers[2].description, "run 2");
  EXPECT_EQ(list.faults, words{vscode_ + ":2:15: here must be a name in double quotes"});
}

TEST_F(ServerNames, SayWhereAFileIsMalformed) {
  write(claude_, "{\n \"mcpServers\": {\n  \"ü\" {}\n}}");
  EXPECT_EQ(refusal("x"), claude_ + ":3:7: here must be a colon");
  write(claude_, "[]");
  EXPECT_EQ(refusal("x"), claude_ + ":1:1: here must be an object");
  write(claude_, R"({"mcpServers":5})");
  EXPECT_EQ(refusal("x"), claude_ + ": mcpServers must be an object");
  write(claude_, "{}");
  write(own_, "[servers.x]\nurl = \"http://own\n");
  EXPECT_TRUE(refusal("x").starts_with(own_ + ":2:")) << refusal("x");
  write(own_, "[servers]\n[server.x]\nurl = \"http://own\"\n");
  EXPECT_EQ(refusal("x"), own_ +
                              ":2:2: unknown key \"server\": write a table [servers.NAME] for each "
                              "server");
  write(own_, "servers = 5\n");
  EXPECT_TRUE(refusal("x").starts_with(own_ + ":1:11: servers must have a table")) << refusal("x");
  write(own_, "[servers.x]\nurl = 2026-01-01\n");
  EXPECT_EQ(refusal("x"), own_ + ":2:7: a date or time says nothing here");
  write(own_, std::string((1 << 20) + 1, '#'));
  EXPECT_EQ(refusal("x"), own_ + ": has more than 1 MiB");
}

TEST_F(ServerNames, RefuseServersThatCannotBeReached) {
  const auto said = [&](const std::string& entry) {
    write(claude_, R"({"mcpServers":{"x":)" + entry + "}}");
    const std::string begin = claude_ + ": server \"x\": ";
    const std::string text = refusal("x");
    return text.starts_with(begin) ? text.substr(begin.size()) : text;
  };
  EXPECT_TRUE(
      said(R"({"type":"sse","url":"http://x"})").starts_with("speaks the old SSE transport"));
  EXPECT_EQ(said(R"({"type":"ws","url":"http://x"})"),
            "type must be \"stdio\" or \"http\", not \"ws\"");
  EXPECT_EQ(said("{}"), "needs a url or a command");
  EXPECT_EQ(said(R"({"url":"http://x","command":"x"})"), "has both a url and a command");
  EXPECT_EQ(said(R"({"url":"ftp://x"})"),
            "url must begin with http:// or https://, not be \"ftp://x\"");
  EXPECT_EQ(said(R"({"url":"http://${HOST}"})"),
            "url: the variable HOST is not set: set it, or write ${HOST:-otherwise}");
  EXPECT_EQ(said(R"({"url":"http://x","headers":{"A":"${}"}})"),
            "headers.A: ${} is not known: \"\" is no name of a variable");
  EXPECT_EQ(said(R"({"command":"x","env":{"A":"secret ${B"}})"),
            "env.A: a variable has no end: behind ${ must be a }");
  EXPECT_EQ(said(R"({"command":5})"), "command must be a string, not 5");
  EXPECT_EQ(said(R"({"command":""})"), "command names no program");
  EXPECT_EQ(said(R"({"command":"x","args":"y"})"), "args must be an array of strings, not \"y\"");
  EXPECT_EQ(said(R"({"command":"x","args":[{}]})"), "args must hold strings, not an object");
  EXPECT_EQ(said(R"({"command":"x","env":[]})"), "env must be an object, not an array");
  EXPECT_EQ(said(R"({"command":"x","env":{"A":[]}})"), "env.A must be a string, not an array");
  EXPECT_EQ(said(R"({"command":"x","envFile":".env"})"),
            "envFile is not read here: write its variables into env");
  EXPECT_EQ(said("5"), "must be an object, not 5");
  write(claude_, "{}");
  write(own_, "[servers.x]\nurl = \"http://own\"\nheader = {}\n");
  EXPECT_EQ(refusal("x"),
            own_ + ": server \"x\": unknown key \"header\"; did you mean \"headers\"?");
  write(own_, "[servers.x]\ncommand = \"run it\"\n");
  EXPECT_EQ(refusal("x"),
            own_ + ": server \"x\": command must be an array of strings, not \"run it\"");
  write(own_, "[servers.x]\ncommand = [\"run\"]\ndirectory = \"here\"\n");
  EXPECT_EQ(refusal("x"), own_ + ": server \"x\": directory must be absolute, not \"here\"");
}

TEST_F(ServerNames, RefuseFilesOfSomebodyElse) {
  const std::string said =
      ": belongs to another user, so what it names is not run: remove it, or "
      "work in a folder that is not below it";
  if (::geteuid() != 0) {
    // Not to be had without rights: a file of root's counts as trusted.
    write(claude_, R"({"mcpServers":{"x":{"url":"http://x"}}})");
    EXPECT_EQ(find("x").url, "http://x");
    return;
  }
  write(claude_, R"({"mcpServers":{"x":{"url":"http://x"}}})");
  ASSERT_EQ(::chown(claude_.c_str(), 12345, 12345), 0);
  EXPECT_EQ(refusal("x"), claude_ + said);
  EXPECT_EQ(known_servers(around_).faults, words{claude_ + said});
  ASSERT_EQ(::chown(around_.folder.c_str(), 12345, 12345), 0);
  EXPECT_EQ(find("x").url, "http://x") << "whoever owns the folder is trusted to work there";
}

TEST(Jsonc, IsJsonWithCommentsAndSurplusCommas) {
  const auto read = [](std::string_view text) { return std::string(read_jsonc(text).view()); };
  EXPECT_EQ(read("\xEF\xBB\xBF{ \"a\" : [ 1, 2.5e3 , ] , }"), R"({"a":[1,2.5e3]})");
  EXPECT_EQ(read("// x\n{/* , */\"a//\\\"/*\": true}\n// end"), R"({"a//\"/*":true})");
  EXPECT_EQ(read("[ ]"), "[]");
  EXPECT_EQ(read("{ // nothing\r\n }"), "{}");
  EXPECT_EQ(read("null"), "null");
}

TEST(Jsonc, SaysWhereItIsNone) {
  const auto refusal = [](std::string_view text) -> std::string {
    try {
      return std::string(read_jsonc(text).view());
    } catch (const invalid_jsonc& refused) {
      return refused.what();
    }
  };
  EXPECT_EQ(refusal(""), "1:1: here must be a value");
  EXPECT_EQ(refusal("{\"a\":1"), "1:1: this has no end: }");
  EXPECT_EQ(refusal("[1 2]"), "1:4: here must be a comma or ]");
  EXPECT_EQ(refusal("[,]"), "1:2: here must be a value");
  EXPECT_EQ(refusal("[1,,]"), "1:4: here must be a value");
  EXPECT_EQ(refusal("[\n  yes\n]"), "2:3: this is no value; is it a string without its quotes?");
  EXPECT_EQ(refusal("{} x"), "1:4: there is something behind the value");
  EXPECT_EQ(refusal("{}\n/* x"), "2:1: this comment has no end: */");
  EXPECT_EQ(refusal("[\"abc\n\"]"), "1:2: this string has no end: \"");
  EXPECT_EQ(refusal("[\"abc\\"), "1:2: this string has no end: \"");
  EXPECT_EQ(refusal(std::string(100'000, '[')), "1:512: nested too deep");
  EXPECT_EQ(refusal("\"\xff\"").substr(0, 5), "1:1: ");
}

}  // namespace
}  // namespace longhaul::terminal
