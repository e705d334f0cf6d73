// SPDX-License-Identifier: Apache-2.0
// Every key of a server's file, read into its place.
#include <gtest/gtest.h>

#include <filesystem>

#include "config/read_config.hpp"
#include "config/units.hpp"
#include "support/temporary_folder.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class keys : public testing::Test {
 protected:
  config::serve_config read(const std::string& text) {
    const auto result = config::read_config(
        text, {.file_name = "f.toml", .folder = folder.path(), .search_path = "/usr/bin:/bin"});
    for (const auto& fault : result.faults) ADD_FAILURE() << config::to_string(fault, "f.toml");
    return result.config;
  }
  command::tool_spec tool(const std::string& more) {
    auto config = read("[[tool]]\nname = \"t\"\ndescription = \"d\"\n" + more);
    return config.tools.empty() ? command::tool_spec() : config.tools.front();
  }
  temporary_folder folder;
};

TEST_F(keys, of_the_server) {
  const auto config = read(R"(
[server]
name = "files"
version = "2.1"
title = "Files"
instructions = "Use them."
listen = "0.0.0.0:9000"
store = "memory:"
fallback_tools = true
inline_limit = "10s"
heartbeat = "0s"
max_running = 5
max_open = 60
max_open_per_owner = 7
max_sessions = 50
max_sessions_per_caller = 5
retention = "2h"
max_retention = "unlimited"
allow_hosts = ["a.example", "b.example"]
allow_origins = ["https://a.example", "http://localhost:5173", "vscode-webview://x", "*"]
max_body_memory = "16MiB"
tls_certificate = "tls/chain.pem"
tls_key = "/etc/tls/key.pem"
drain_grace = "30s"
log = "debug"
log_format = "json"
state_dir = "state/here"
[[key]]
name = "alice"
sha256 = "2BD806C97F0E00AF1A1FC3328FA763A9269723C8DB8FAC4F93AF71DB186D6E90"
[[tool]]
name = "t"
description = "d"
command = ["ls"]
)");
  const server_options& server = config.server;
  EXPECT_EQ(server.name, "files");
  EXPECT_EQ(server.version, "2.1");
  EXPECT_EQ(server.title, "Files");
  EXPECT_EQ(server.instructions, "Use them.");
  EXPECT_EQ(config.listen, "0.0.0.0:9000");
  EXPECT_EQ(config.store, "memory:");
  EXPECT_TRUE(server.fallback_tools);
  EXPECT_EQ(server.inline_limit, 10s);
  EXPECT_EQ(server.heartbeat, 0s);
  EXPECT_EQ(server.drain_grace, 30s);
  EXPECT_EQ(server.log, log_detail::debug);
  EXPECT_EQ(server.log_format, log_style::json);
  EXPECT_EQ(server.max_running, 5U);
  EXPECT_EQ(server.max_open, 60U);
  EXPECT_EQ(server.max_open_per_owner, 7U);
  EXPECT_EQ(server.retention, 2h);
  EXPECT_FALSE(server.max_retention.has_value());
  EXPECT_EQ(config.allow_hosts, (std::vector<std::string>{"a.example", "b.example"}));
  EXPECT_EQ(config.allow_origins,
            (std::vector<std::string>{"https://a.example", "http://localhost:5173",
                                      "vscode-webview://x", "*"}));
  EXPECT_EQ(server.max_body_memory, std::size_t{16} << 20);
  EXPECT_EQ(server.tls_certificate, folder.path() + "/tls/chain.pem");
  EXPECT_EQ(server.tls_key, "/etc/tls/key.pem");
  EXPECT_EQ(config.state_dir, folder.path() + "/state/here");
  ASSERT_EQ(config.server.keys.size(), 1U);
  EXPECT_EQ(config.server.keys[0].name, "alice");
  EXPECT_TRUE(server.keys[0].sha256.starts_with("2BD806C9")) << "digits of either case";
  EXPECT_EQ(server.max_sessions, 50U);
  EXPECT_EQ(server.max_sessions_per_caller, 5U);
  EXPECT_FALSE(server.single_user);
  EXPECT_FALSE(config.stdio);
  EXPECT_TRUE(read("[server]\nstdio = true\n[[tool]]\nname = \"t\"\ndescription = \"d\"\n"
                   "command = [\"ls\"]\n")
                  .stdio);
}

TEST_F(keys, of_rates_and_the_audit) {
  const std::string tool = "[[tool]]\nname = \"t\"\ndescription = \"d\"\ncommand = [\"ls\"]\n";
  const auto config = read(R"(
[limits]
rate = "600/m"
rate_per_key = "30/10s"
completions_per_key = "20/s"
task_requests_per_key = "7/1h30m"
[server]
audit = true
audit_arguments = true
)" + tool + "rate = \"5/h\"\n");
  EXPECT_EQ(config.rates, (rate_limits{.calls_per_caller = rate{30, 10s},
                                       .completions_per_caller = rate{20, 1s},
                                       .task_requests_per_caller = rate{7, 90min},
                                       .calls = rate{600, 1min},
                                       .tools = {{"t", rate{5, 1h}}}}));
  EXPECT_TRUE(config.audit);
  EXPECT_TRUE(config.audit_arguments);
  const auto without = read(tool);
  EXPECT_EQ(without.rates, rate_limits());
  EXPECT_FALSE(without.audit);
}

TEST_F(keys, of_a_tool) {
  fs::create_directory(folder.file("work"));
  const auto t = tool(R"(
title = "T"
command = ["ls", "-l", ["--", "{path}"]]
directory = "work"
environment = ["PATH"]
env = { LANG = "C" }
attempt_limit = "1h30m"
overall_limit = "2d"
answer_within = "10m"
retention = "unlimited"
policy = "always"
inline_wait = "2s"
poll_interval = "250ms"
max_running = 3
on_crash = "rerun"
max_attempts = 9
retry_backoff = "5s"
retry_backoff_max = "1m"
retry_on = [75, "signal", 7, "timeout", "stall"]
unique = "arguments"
unique_for = "10m"
concurrency = 2
concurrency_key = "{path}"
stall_limit = "30s"
expected = "4m"
annotations = { read_only = true, destructive = false, idempotent = true, open_world = false }
progress = [{ pattern = '(?P<done>\d+)', from = "stderr" }, '(?P<percent>\d+)%']
result = "lines"
result_lines = 7
result_limit = "1KiB"
success = [0, 2]
output_limit = "2MB"
stop_grace = "100ms"
[tool.params.path]
type = "string"
)");
  const tool_options& o = t.options;
  EXPECT_EQ(o.name, "t");
  EXPECT_EQ(o.title, "T");
  EXPECT_EQ(o.description, "d");
  EXPECT_TRUE(t.program == "/usr/bin/ls" || t.program == "/bin/ls");
  ASSERT_EQ(t.command.size(), 3U);
  EXPECT_EQ(std::get<std::vector<std::string>>(t.command[2]),
            (std::vector<std::string>{"--", "{path}"}));
  EXPECT_EQ(t.directory, folder.path() + "/work");
  EXPECT_EQ(t.pass_environment, std::vector<std::string>{"PATH"});
  ASSERT_EQ(t.environment.size(), 1U);
  EXPECT_EQ(t.environment[0].second, "C");
  EXPECT_EQ(o.attempt_limit, 90min);
  EXPECT_EQ(o.overall_limit, 48h);
  EXPECT_EQ(o.answer_within, 10min);
  EXPECT_EQ(o.retention, milliseconds::max());
  EXPECT_EQ(o.policy, task_policy::always);
  EXPECT_EQ(o.inline_wait, 2s);
  EXPECT_EQ(o.poll_interval, 250ms);
  EXPECT_EQ(o.max_running, 3U);
  EXPECT_EQ(o.on_crash, on_crash::rerun);
  EXPECT_EQ(o.max_attempts, 9U);
  EXPECT_EQ(o.retry_backoff, 5s);
  EXPECT_EQ(o.retry_backoff_max, 1min);
  EXPECT_EQ(o.retry_on, retry_on::timeout | retry_on::stall);
  EXPECT_EQ(t.retry_codes, (std::vector<int>{75, 7}));
  EXPECT_TRUE(t.retry_signals);
  EXPECT_TRUE(o.unique);
  EXPECT_EQ(o.unique_for, 10min);
  EXPECT_EQ(o.concurrency, 2U);
  EXPECT_EQ(o.concurrency_key, "{path}");
  EXPECT_EQ(o.stall_limit, 30s);
  EXPECT_EQ(o.expected, 4min);
  EXPECT_EQ(o.annotations.read_only, true);
  EXPECT_EQ(o.annotations.destructive, false);
  EXPECT_EQ(o.annotations.idempotent, true);
  EXPECT_EQ(o.annotations.open_world, false);
  ASSERT_EQ(t.progress.size(), 2U);
  EXPECT_EQ(t.progress[0].from, command::stream::err);
  EXPECT_FALSE(t.progress[1].from.has_value());
  EXPECT_EQ(t.result, command::result_form::lines);
  EXPECT_EQ(t.result_lines, 7U);
  EXPECT_EQ(t.result_limit, 1024U);
  EXPECT_EQ(t.success, (std::vector<int>{0, 2}));
  EXPECT_EQ(t.output_limit, 2'000'000U);
  EXPECT_EQ(t.stop_grace, 100ms);
}

TEST_F(keys, of_a_tool_that_are_left_out) {
  const auto t = tool("command = [\"ls\"]\n");
  const command::tool_spec otherwise;
  EXPECT_EQ(t.options.policy, task_policy::automatic);
  EXPECT_FALSE(t.options.attempt_limit.has_value());
  EXPECT_EQ(t.options.on_crash, on_crash::fail);
  EXPECT_EQ(t.options.retry_on, retry_on::nothing);
  EXPECT_TRUE(t.retry_codes.empty());
  EXPECT_FALSE(t.retry_signals);
  EXPECT_FALSE(t.options.unique);
  EXPECT_EQ(t.options.concurrency, 0U);
  EXPECT_FALSE(t.options.stall_limit.has_value());
  EXPECT_FALSE(t.options.expected.has_value());
  EXPECT_EQ(t.directory, folder.path() + "/");
  EXPECT_EQ(t.pass_environment, otherwise.pass_environment);
  EXPECT_EQ(t.result, command::result_form::text);
  EXPECT_EQ(t.success, std::vector<int>{0});
  EXPECT_EQ(t.output_limit, otherwise.output_limit);
  EXPECT_EQ(tool("command = [\"ls\"]\npolicy = \"never\"\n").options.policy, task_policy::never);
  EXPECT_EQ(tool("command = [\"ls\"]\nresult = \"json\"\n").result, command::result_form::json);
}

TEST_F(keys, retry_on_is_one_end_or_several) {
  const auto with = [&](const std::string& ends) {
    return tool("command = [\"ls\"]\nstall_limit = \"9s\"\nretry_on = " + ends + "\n");
  };
  EXPECT_EQ(with("\"error\"").options.retry_on, retry_on::any);
  EXPECT_EQ(with("[75, \"error\"]").options.retry_on, retry_on::any);
  EXPECT_EQ(with("\"stall\"").options.retry_on, retry_on::stall);
  EXPECT_EQ(with("75").retry_codes, std::vector<int>{75});
  EXPECT_EQ(with("75").options.retry_on, retry_on::nothing);
  EXPECT_TRUE(with("[\"signal\"]").retry_signals);
  EXPECT_FALSE(with("\"error\"").retry_signals) << "which is every failure, this one as well";
}

TEST_F(keys, of_parameters_in_the_order_of_the_file) {
  const auto t = tool(R"(
command = ["ls", "--", "{z}", "{a}", "{n}", "{f}", "{b?-x}", ["-e", "{l}"]]
stdin = "{text}"
[tool.params.z]
type = "string"
title = "Z"
description = "last"
enum = ["one", "two"]
default = "two"
allow_option = true
[tool.params.a]
type = "string"
minLength = 1
maxLength = 10
pattern = "^x"
required = true
[tool.params]
n = { type = "integer", minimum = -3, maximum = 3, default = 0 }
[tool.params.f]
type = "number"
minimum = 0.5
[tool.params.b]
type = "boolean"
default = false
[tool.params.l]
type = "array"
items = { type = "string", maxLength = 5 }
minItems = 1
maxItems = 4
[tool.params.text]
type = "string"
)");
  ASSERT_EQ(t.parameters.size(), 7U);
  const auto& z = t.parameters[0];
  EXPECT_EQ(z.name, "z");
  EXPECT_EQ(z.title, "Z");
  EXPECT_EQ(z.description, "last");
  EXPECT_EQ(z.choices, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(z.default_value.view(), "\"two\"");
  EXPECT_TRUE(z.allow_option);
  const auto& a = t.parameters[1];
  EXPECT_EQ(a.min_length, 1U);
  EXPECT_EQ(a.max_length, 10U);
  EXPECT_EQ(a.pattern, "^x");
  EXPECT_TRUE(a.required);
  const auto& n = t.parameters[2];
  EXPECT_EQ(n.name, "n");
  EXPECT_EQ(n.type, command::value_type::integer);
  EXPECT_EQ(n.minimum, -3);
  EXPECT_EQ(n.maximum, 3);
  EXPECT_EQ(t.parameters[3].type, command::value_type::number);
  EXPECT_EQ(t.parameters[3].minimum, 0.5L);
  EXPECT_EQ(t.parameters[4].type, command::value_type::boolean);
  const auto& l = t.parameters[5];
  EXPECT_TRUE(l.repeated);
  EXPECT_EQ(l.max_length, 5U);
  EXPECT_EQ(l.min_items, 1U);
  EXPECT_EQ(l.max_items, 4U);
  EXPECT_EQ(t.stdin_parameter, "text");
}

TEST_F(keys, of_resources) {
  folder.write("today.md", "x");
  const auto config = read(R"(
[[resource]]
uri = "notes://today"
name = "today"
title = "Today"
description = "What happened"
mime_type = "text/markdown"
file = "./today.md"
size_limit = "2MiB"
caching = "60s"
annotations = { audience = ["user"], priority = 0.5, last_modified = "2026-11-27" }
icons = [{ source = "data:image/png;base64,AA==", mime_type = "image/png", sizes = ["48x48"], theme = "dark" }]
[[resource]]
uri = "notes://about"
text = "about"
caching = { fresh = "1h", for_everybody = true }
[[resource]]
uri = "notes://{year}/{+rest}"
command = ["ls", "--", "{year}", "{rest}"]
success = [0, 3]
not_found = [2]
limit = "5s"
max_running = 2
stop_grace = "1s"
environment = ["PATH"]
env = { A = "b" }
[resource.params.year]
type = "integer"
minimum = 1970
)");
  ASSERT_EQ(config.resources.size(), 3U);
  const auto& file = config.resources[0];
  EXPECT_EQ(file.options.uri, "notes://today");
  EXPECT_EQ(file.options.name, "today");
  EXPECT_EQ(file.options.title, "Today");
  EXPECT_EQ(file.options.description, "What happened");
  EXPECT_EQ(file.options.mime_type, "text/markdown");
  EXPECT_EQ(file.file, fs::canonical(folder.file("today.md")).string());
  EXPECT_EQ(file.size_limit, std::size_t{2} << 20);
  EXPECT_EQ(file.options.caching.fresh, 60s);
  EXPECT_FALSE(file.options.caching.for_everybody);
  EXPECT_EQ(file.options.annotations.json().view(),
            R"({"audience":["user"],"priority":0.5,"lastModified":"2026-11-27"})");
  ASSERT_EQ(file.options.icons.size(), 1U);
  EXPECT_EQ(file.options.icons[0].sizes, std::vector<std::string>{"48x48"});
  EXPECT_EQ(file.options.icons[0].theme, "dark");
  const auto& text = config.resources[1];
  EXPECT_EQ(text.options.name, "notes://about") << "the address, if nobody says";
  EXPECT_EQ(text.text, "about");
  EXPECT_EQ(text.options.caching.fresh, 1h);
  EXPECT_TRUE(text.options.caching.for_everybody);
  const auto& family = config.resources[2];
  EXPECT_TRUE(family.is_template);
  ASSERT_TRUE(family.program);
  ASSERT_EQ(family.program->parameters.size(), 2U);
  EXPECT_EQ(family.program->parameters[0].type, command::value_type::integer);
  EXPECT_EQ(family.program->parameters[0].minimum, 1970);
  EXPECT_EQ(family.program->parameters[1].name, "rest");
  EXPECT_EQ(family.program->success, (std::vector<int>{0, 3}));
  EXPECT_EQ(family.program->stop_grace, 1s);
  EXPECT_EQ(family.not_found, std::vector<int>{2});
  EXPECT_EQ(family.options.limit, 5s);
  EXPECT_EQ(family.max_running, 2U);
}

TEST_F(keys, of_prompts_and_completions) {
  const auto config = read(R"(
[[completion]]
prompt = "review"
parameter = "file"
command = ["ls", "--", "{file}"]
allow_option = true
[[completion]]
prompt = "review"
parameter = "lines"
values = ["10", "20"]
[[completion]]
resource = "notes://{name}"
parameter = "name"
command = ["ls"]
[[prompt]]
name = "review"
title = "Review"
description = "Reviews a file"
icons = [{ source = "https://example.org/i.png" }]
text = "Review {file}{lines}"
[prompt.params.file]
type = "string"
required = true
[prompt.params.lines]
type = "integer"
[[resource]]
uri = "notes://{name}"
command = ["cat", "--", "{name}"]
)");
  ASSERT_EQ(config.prompts.size(), 1U);
  const auto& prompt = config.prompts[0];
  EXPECT_EQ(prompt.options.name, "review");
  EXPECT_EQ(prompt.options.title, "Review");
  EXPECT_EQ(prompt.options.description, "Reviews a file");
  EXPECT_EQ(prompt.options.icons.size(), 1U);
  EXPECT_EQ(prompt.text, "Review {file}{lines}");
  ASSERT_EQ(prompt.parameters.size(), 2U);
  EXPECT_TRUE(prompt.parameters[0].required);
  const auto& of_file = prompt.completions.at("file");
  ASSERT_EQ(of_file.program->parameters.size(), 1U) << "only what its command uses";
  EXPECT_EQ(of_file.program->parameters[0].name, "file");
  EXPECT_TRUE(of_file.program->parameters[0].allow_option);
  EXPECT_EQ(prompt.completions.at("lines").values, (std::vector<std::string>{"10", "20"}));
  EXPECT_TRUE(config.resources.at(0).completions.at("name").program->parameters.empty());
}

TEST_F(keys, a_file_that_does_not_exist_yet_is_a_warning) {
  const auto result = config::read_config("[[resource]]\nuri = \"n://a\"\nfile = \"later.md\"\n",
                                          {.file_name = "f.toml", .folder = folder.path()});
  EXPECT_TRUE(result.faults.empty());
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_NE(result.warnings[0].message.find("does not exist yet"), std::string::npos);
}

TEST_F(keys, programs_are_found_by_path_beside_the_file_and_in_PATH) {
  const std::string script = folder.write("mine.sh", "#!/bin/sh\n");
  fs::permissions(script, fs::perms::owner_all);
  EXPECT_EQ(tool("command = [\"./mine.sh\"]\n").program, script);
  EXPECT_EQ(tool("command = [\"" + script + "\"]\n").program, script);
  EXPECT_EQ(fs::path(tool("command = [\"ls\"]\n").program).filename(), "ls");
  const std::string odd = folder.write("{x}.sh", "#!/bin/sh\n");
  fs::permissions(odd, fs::perms::owner_all);
  EXPECT_EQ(tool("command = [\"./{{x}}.sh\"]\n").program, odd);
}

TEST_F(keys, the_quickstart_has_no_faults) {
  const auto read =
      config::load_config(LONGHAUL_TEST_DATA "/../../examples/quickstart/longhaul.toml",
                          "/usr/local/bin:/usr/bin:/bin");
  for (const auto& fault : read.faults) ADD_FAILURE() << config::to_string(fault, "quickstart");
  EXPECT_GE(read.config.tools.size(), 6U);
  EXPECT_TRUE(config::warnings_of(read.config).empty());
}

TEST_F(keys, single_user_with_a_loopback_address_or_none) {
  const std::string tool = "[[tool]]\nname = \"t\"\ndescription = \"d\"\ncommand = [\"ls\"]\n";
  for (const char* listen :
       {"", "listen = \"127.0.0.1:80\"\n", "listen = \"127.8.9.1:80\"\n", "listen = \"8080\"\n",
        "listen = \"localhost:0\"\n", "listen = \"[::1]:80\"\n"}) {
    const auto config = read(std::string("[server]\n") + listen + "single_user = true\n" + tool);
    EXPECT_TRUE(config.server.single_user) << listen;
  }
}

TEST(units, of_rates) {
  EXPECT_EQ(config::parse_rate("30/m"), (rate{30, 1min}));
  EXPECT_EQ(config::parse_rate("1/s"), (rate{1, 1s}));
  EXPECT_EQ(config::parse_rate("10000000/250ms"), (rate{10'000'000, 250ms}));
  for (const char* text : {"", "30", "30/", "/m", "30 / m", "30/ m", "30//m", "-3/m", "3.5/m",
                           "30/minute", "30/0s", "0/m", "10000001/m", "30/m/m"}) {
    EXPECT_FALSE(config::parse_rate(text)) << text;
  }
}

TEST(warnings, of_what_is_likely_not_meant) {
  const auto count = [](const std::string& listen, bool key, bool stdio = false) {
    config::serve_config config;
    config.listen = listen;
    config.stdio = stdio;
    if (key) config.server.keys.push_back({"a", std::string(64, '0')});
    return config::warnings_of(config).size();
  };
  EXPECT_EQ(count("127.0.0.1:80", false), 0U);
  EXPECT_EQ(count("[::1]:80", false), 0U);
  EXPECT_EQ(count("localhost:80", true), 0U);
  EXPECT_EQ(count("0.0.0.0:80", false), 1U) << "anybody may call";
  EXPECT_EQ(count("10.1.2.3:80", true), 1U) << "in clear text";
  config::serve_config over_tls;
  over_tls.listen = "10.1.2.3:443";
  over_tls.server.keys.push_back({"a", std::string(64, '0')});
  over_tls.server.tls_certificate = "c.pem";
  EXPECT_EQ(config::warnings_of(over_tls).size(), 0U);
  EXPECT_EQ(count("", true, true), 1U) << "nobody is asked";
  config::serve_config empty;
  empty.server.keys.push_back(
      {"a", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"});
  EXPECT_EQ(config::warnings_of(empty).size(), 1U);
}

TEST(units, durations) {
  EXPECT_EQ(config::parse_duration("250ms"), 250ms);
  EXPECT_EQ(config::parse_duration("90s"), 90s);
  EXPECT_EQ(config::parse_duration("1h30m"), 90min);
  EXPECT_EQ(config::parse_duration("7d"), 168h);
  EXPECT_EQ(config::parse_duration("1d2h3m4s5ms"), 26h + 3min + 4s + 5ms);
  for (const char* wrong : {"", "5", "5 s", "s", "-1s", "1.5h", "30m1h", "1h1h", "1y", "1H",
                            "99999999999999999999s", "40000d"}) {
    EXPECT_FALSE(config::parse_duration(wrong)) << wrong;
  }
}

TEST(units, sizes) {
  EXPECT_EQ(config::parse_size("512"), 512U);
  EXPECT_EQ(config::parse_size("512B"), 512U);
  EXPECT_EQ(config::parse_size("2kB"), 2000U);
  EXPECT_EQ(config::parse_size("64KiB"), 65536U);
  EXPECT_EQ(config::parse_size("1GiB"), std::uint64_t{1} << 30);
  for (const char* wrong : {"", "KiB", "1 KiB", "1kb", "-1", "1.5MB", "99999999999999999999",
                            "18446744073709551615KiB"}) {
    EXPECT_FALSE(config::parse_size(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace longhaul::test
