// SPDX-License-Identifier: Apache-2.0
// Resources, prompts and completions of a server's file, over HTTP and in both eras; and what
// hostile programs, files and callers make of them.
#include <sys/stat.h>

#include <filesystem>

#include "programs/fixture.hpp"

namespace longhaul::test {
namespace {

class serve_features : public serve {
 protected:
  static std::string resource(const std::string& uri, const std::string& more) {
    return "[[resource]]\nuri = \"" + uri + "\"\n" + more + "\n";
  }
  // What `script` prints; the variables are $1, $2, …
  std::string printed(const std::string& uri, const std::string& script,
                      const std::string& arguments = "", const std::string& more = "") {
    return resource(uri, command(script, arguments) + more);
  }
  std::string command(const std::string& script, const std::string& arguments = "") {
    const std::string name = "script" + std::to_string(++scripts_) + ".sh";
    fs::permissions(home.write(name, "#!/bin/bash\n" + script), fs::perms::owner_all);
    return "command = [\"./" + name + "\"" + arguments + "]\nstop_grace = \"200ms\"\n" +
           std::string(marked);
  }
  static json::object content(const json::object& reply) {
    if (!reply.contains("result")) return {};
    return reply.at("result").at("contents").at(0).as_object();
  }
  static std::string error(const json::object& reply) {
    if (!reply.contains("error")) return "(none) " + json::serialize(reply);
    return reply.at("error").at("message").as_string().c_str();
  }
  static std::int64_t code(const json::object& reply) {
    return reply.contains("error") ? reply.at("error").at("code").as_int64() : 0;
  }
  static json::object completing(const json::object& ref, const std::string& name,
                                 const std::string& value, const json::object& known = {}) {
    return {{"ref", ref},
            {"argument", {{"name", name}, {"value", value}}},
            {"context", {{"arguments", known}}}};
  }
  static std::string values(const json::object& reply) {
    if (!reply.contains("result")) return json::serialize(reply);
    return json::serialize(reply.at("result").at("completion").at("values"));
  }

  int scripts_ = 0;
};

TEST_F(serve_features, are_listed_read_and_completed_in_both_eras) {
  home.write("today.md", "rain\n");
  served server(
      home, resource("notes://today",
                     "name = \"today\"\nfile = \"today.md\"\ncaching = \"60s\"\n"
                     "mime_type = \"text/markdown\"") +
                resource("notes://about",
                         "text = \"about\"\ncaching = { fresh = \"1h\", for_everybody = "
                         "true }") +
                printed("notes://{year}/{name}", "printf '%s|' \"$@\"", ", \"{year}\", \"{name}\"",
                        "[resource.params.year]\ntype = \"integer\"\n") +
                "[[prompt]]\nname = \"review\"\ntext = \"Review {file}{brief? in short}.\"\n"
                "[prompt.params.file]\ntype = \"string\"\nrequired = true\n"
                "[prompt.params.brief]\ntype = \"boolean\"\n"
                "[[completion]]\nprompt = \"review\"\nparameter = \"file\"\n" +
                command("printf 'a-%s-%s\\n\\nb\\r\\nb\\n' \"$@\"", ", \"{file}\", \"{brief}\"") +
                "[[completion]]\nresource = \"notes://{year}/{name}\"\nparameter = \"name\"\n" +
                command("printf 'one\\nOnce\\ntwo\\n'"));
  EXPECT_EQ(content(server.read("notes://today")).at("text"), "rain\n");
  EXPECT_NE(server.last.body.find(R"("ttlMs":60000,"cacheScope":"private")"), std::string::npos);
  home.write("today.md", std::string("\xFF\0x", 3));
  EXPECT_EQ(content(server.read("notes://today")).at("blob"), "/wB4") << "read at each request";
  EXPECT_EQ(content(server.read("notes://today")).at("mimeType"), "text/markdown");
  EXPECT_EQ(content(server.read("notes://about")).at("text"), "about");
  EXPECT_NE(server.last.body.find(R"("ttlMs":3600000,"cacheScope":"public")"), std::string::npos);
  EXPECT_EQ(content(server.read("notes://2026/a%20b")).at("text"), "2026|a b|");
  EXPECT_EQ(server.ask("resources/list", {}).at("result").at("resources").as_array().size(), 2U);
  EXPECT_NE(json::serialize(server.ask("resources/templates/list", {}))
                .find(R"("uriTemplate":"notes://{year}/{name}")"),
            std::string::npos);

  const json::object filled = {{"name", "review"},
                               {"arguments", {{"file", "{x}"}, {"brief", "true"}}}};
  EXPECT_NE(json::serialize(server.ask("prompts/get", filled))
                .find(R"("role":"user","content":{"type":"text","text":"Review {x} in short."})"),
            std::string::npos)
      << server.last.body;
  EXPECT_EQ(code(server.ask("prompts/get", {{"name", "review"}})), -32602);
  const json::object prompt = {{"type", "ref/prompt"}, {"name", "review"}};
  EXPECT_EQ(values(server.ask("completion/complete", completing(prompt, "file", "x"))),
            R"(["a-x-","b"])");
  EXPECT_EQ(values(server.ask("completion/complete",
                              completing(prompt, "file", "x", {{"brief", "yes"}}))),
            R"(["a-x-yes","b"])");
  EXPECT_EQ(code(server.ask("completion/complete", completing(prompt, "file", "-rf"))), -32602);
  const json::object family = {{"type", "ref/resource"}, {"uri", "notes://{year}/{name}"}};
  EXPECT_EQ(values(server.ask("completion/complete", completing(family, "name", "ON"))),
            R"(["one","Once"])")
      << "its command does not see what is typed";

  const legacy_session session(server);
  EXPECT_NE(session.begun.body.find("\"completions\":{}"), std::string::npos);
  const auto says = [&](const char* method, const char* params, const char* wanted) {
    const std::string body = session.ask(method, params);
    EXPECT_NE(body.find(wanted), std::string::npos) << method << ": " << body;
  };
  says("resources/list", "{}", R"("uri":"notes://today","name":"today")");
  says("resources/read", R"({"uri":"notes://7/x"})", R"("text":"7|x|")");
  says("resources/read", R"({"uri":"notes://seven/x"})", "-32002");
  says("prompts/list", "{}",
       R"({"name":"file","required":true},{"name":"brief","required":false})");
  says("prompts/get", R"({"name":"review","arguments":{"file":"f"}})", R"("text":"Review f.")");
  says("completion/complete",
       R"({"ref":{"type":"ref/prompt","name":"review"},"argument":{"name":"file","value":"q"}})",
       R"("values":["a-q-","b"])");
}

TEST_F(serve_features, hostile_programs_are_bounded_and_told) {
  served server(home,
                printed("p://loud", "yes | head -c 100000000", "", "size_limit = \"64KiB\"\n") +
                    printed("p://endless", "sleep 1000", "", "limit = \"100ms\"\n") +
                    printed("p://fails", "echo why >&2; exit 1") +
                    printed("p://bytes", "printf '\\377\\376'") + printed("p://nothing", ":") +
                    printed("p://gone", "exit 44", "", "not_found = [44]\n") +
                    "[[prompt]]\nname = \"p\"\ntext = \"{a}\"\n[prompt.params.a]\ntype = "
                    "\"string\"\n[[completion]]\nprompt = \"p\"\nparameter = \"a\"\n" +
                    command("yes | head -c 100000000"));
  EXPECT_EQ(error(server.read("p://loud")),
            "p://loud printed 100000000 bytes; at most 65536 can be read (size_limit)");
  EXPECT_NE(code(server.read("p://endless")), 0) << server.last.body;
  EXPECT_EQ(error(server.read("p://fails")),
            "p://fails ended with exit code 1\n\nOn standard error:\nwhy");
  EXPECT_EQ(content(server.read("p://bytes")).at("blob"), "//4=");
  EXPECT_EQ(content(server.read("p://nothing")).at("text"), "");
  EXPECT_EQ(code(server.read("p://gone")), -32602);
  EXPECT_NE(server.last.body.find(R"("data":{"uri":"p://gone"})"), std::string::npos);
  const json::object prompt = {{"type", "ref/prompt"}, {"name", "p"}};
  EXPECT_NE(error(server.ask("completion/complete", completing(prompt, "a", "y")))
                .find("of suggestions; at most 262144 are read"),
            std::string::npos)
      << server.last.body;
  const fs::path output = fs::path(home.file("state")) / "test.db.output";
  EXPECT_TRUE(wait_until([&] {
    return !fs::exists(output) || fs::directory_iterator(output) == fs::directory_iterator();
  })) << "what was printed is removed";
}

TEST_F(serve_features, files_that_become_something_else_are_told_and_never_waited_for) {
  const std::string path = home.write("f", "x");
  home.write("secret", "secret");
  served server(home, resource("f://f", "file = \"f\"\nsize_limit = 4"));
  const auto becomes = [&](const auto& make) {
    fs::remove_all(path);
    make();
    return error(server.read("f://f"));
  };
  EXPECT_EQ(content(server.read("f://f")).at("text"), "x");
  EXPECT_EQ(becomes([] {}), "Resource not found");
  EXPECT_EQ(becomes([&] { ::mkfifo(path.c_str(), 0600); }), "the file of f://f is no regular file");
  EXPECT_EQ(becomes([&] { fs::create_directory(path); }), "the file of f://f is a folder");
  EXPECT_NE(becomes([&] { fs::create_symlink("secret", path); }).find("leads elsewhere"),
            std::string::npos);
  EXPECT_EQ(becomes([&] { home.write("f", "12345"); }),
            "the file of f://f has more than 4 bytes (size_limit)");
  home.write("f", "1234");
  EXPECT_EQ(content(server.read("f://f")).at("text"), "1234");
}

TEST_F(serve_features, addresses_that_lead_elsewhere_or_are_options_are_not_found) {
  served server(home, printed("n://{name}", "touch ran; echo \"$1\"", ", \"{name}\"") +
                          printed("r://{+path}", "touch ran; echo \"$1\"", ", \"{path}\""));
  for (const char* uri :
       {"n://..", "n://%2e%2e", "n://a%2fb", "n://a%00b", "n://-rf", "n://%2Drf", "n://a/b",
        "r://a/../b", "r://a/%2E%2E", "r://a%2F..%2Fb", "r://%00", "r://-rf", "n://a%5cb"}) {
    EXPECT_EQ(code(server.read(uri)), -32602) << uri;
  }
  EXPECT_FALSE(fs::exists(home.file("ran"))) << "no program was started";
  EXPECT_EQ(content(server.read("n://...")).at("text"), "...\n");
  EXPECT_EQ(content(server.read("r://a/b")).at("text"), "a/b\n");
}

TEST_F(serve_features, the_check_counts_them) {
  const std::string file = home.write(
      "good.toml", resource("t://a", "text = \"x\"") + printed("t://{a}", "", ", \"{a}\"") +
                       "[[prompt]]\nname = \"p\"\ntext = \"x\"\n[[completion]]\nresource = "
                       "\"t://{a}\"\nparameter = \"a\"\nvalues = [\"b\"]\n");
  child check({LONGHAUL_SERVE, "serve", file, "--check"});
  EXPECT_EQ(check.wait(), 0);
  EXPECT_EQ(check.output_line(),
            file + ": no faults, 1 resource, 1 resource template, 1 prompt, 1 completion");
}

}  // namespace
}  // namespace longhaul::test
