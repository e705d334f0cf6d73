// SPDX-License-Identifier: Apache-2.0
// What operators and hostile files met: a dotted key of 50,000 parts ended the process; one name
// here and another in C++ for the same setting; a shell that a value is written into; names that
// hosts refuse, said by nobody.
#include <gtest/gtest.h>

#include "config/nesting.hpp"
#include "config/read_config.hpp"

namespace longhaul::test {
namespace {

config::read_result read(const std::string& text) {
  return config::read_config(
      text, {.file_name = "f.toml", .folder = "/", .search_path = "/usr/bin:/bin"});
}

std::string lines(const std::vector<config::fault>& all) {
  std::string text;
  for (const auto& one : all) text += config::to_string(one, "f") + "\n";
  return text;
}

std::string tool(const std::string& more) {
  return "[[tool]]\nname = \"t\"\ndescription = \"d\"\n" + more;
}

std::string repeated(std::string_view part, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += part;
  return all;
}

TEST(deep_files, are_faults_at_their_line_and_end_nothing) {
  const std::vector<std::string> begins = {
      "a = 1\n" + repeated("a.", 50'000) + "a = 1",
      "a = 1\n[" + repeated("a.", 50'000) + "a]",
      "a = 1\n[[" + repeated("\"a\" . ", 50'000) + "a]]",
      "a = 1\n" + repeated("'a'.", 50'000) + "a = 1",
      "a = 1\nb = " + repeated("[", 50'000),
      "a = 1\nb = " + repeated("{ a = ", 50'000),
      "a = 1\nb = " + repeated("{ a.a.a.a = ", 50'000),
      "a = 1\nb = " + repeated("[{ a.a.a.a = ", 50'000),
  };
  for (const std::string& text : begins) {
    const std::string said = lines(read(text).faults);
    EXPECT_TRUE(said.starts_with("f:2:")) << said;
    EXPECT_NE(said.find("nests deeper than 64 levels"), std::string::npos) << said;
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1);
  }
  EXPECT_TRUE(lines(read("é.\"é\"" + repeated(".a", 70)).faults).starts_with("f:1:132: "));
}

TEST(deep_files, are_not_those_with_dots_and_brackets_in_strings_or_many_lines) {
  for (const std::string& text :
       {"a = \"" + repeated(".[{", 100) + "\"", "a = '" + repeated(".[{\"", 100) + "'",
        "# " + repeated("[.", 100), "a = \"\"\"\n" + repeated("[.\\\"\"\n", 100) + "\"\"\"",
        "a = '''\n" + repeated("[.\"'\n", 100) + "'''", repeated("a.b = [1.5, { c.d = 1 }]\n", 100),
        "a = [" + repeated("[1.5, 2.5],\n", 100) + "]", repeated("[[a.b]]\n", 100),
        std::string("a = \""), std::string("a = \"\"\""), std::string("a = \"\\"),
        std::string("]}]}")}) {
    EXPECT_FALSE(config::too_deep(text)) << text.substr(0, 60);
  }
}

TEST(old_names, are_taken_with_a_warning_at_their_place) {
  const auto result = read("[server]\nmax_open_per_key = 7\n" +
                           tool("command = [\"ls\"]\npolicy = \"automatic\"\n"));
  EXPECT_EQ(lines(result.faults), "");
  EXPECT_EQ(result.config.server.max_open_per_owner, 7U);
  EXPECT_EQ(result.config.tools.at(0).options.policy, task_policy::automatic);
  EXPECT_EQ(
      lines(result.warnings),
      "f:2:20: [server]: max_open_per_key is now called max_open_per_owner; the old name goes "
      "with version 1.0\n");
  EXPECT_EQ(lines(read("[server]\nmax_open_per_key = 7\nmax_open_per_owner = 7\n" +
                       tool("command = [\"ls\"]\n"))
                      .faults),
            "f:2:20: [server]: max_open_per_key is the old name of max_open_per_owner, which is "
            "also there: leave it out\n");
}

TEST(names, that_hosts_refuse_are_warned_of) {
  const std::string rest = "description = \"d\"\ncommand = [\"ls\"]\n";
  const auto result =
      read("[[tool]]\nname = \"a.b\"\n" + rest + "[[tool]]\nname = \"" + std::string(65, 'a') +
           "\"\n" + rest + "[[tool]]\nname = \"" + std::string(64, 'b') + "\"\n" + rest);
  EXPECT_EQ(lines(result.faults), "");
  EXPECT_EQ(
      lines(result.warnings),
      "f:2:8: [[tool]] \"a.b\": the name has a dot, which many hosts refuse: write '_' or '-' "
      "in its place\nf:6:8: [[tool]] \"" +
          std::string(60, 'a') +
          "…\": the name has 65 characters: many hosts refuse more than 64; shorten it\n");
}

TEST(shells, are_faults_and_warnings_of_the_file) {
  const auto result =
      read(tool("command = [\"sh\", \"-c\", \"echo {who}\"]\n"
                "[tool.params.who]\ntype = \"string\"\n"));
  EXPECT_TRUE(
      lines(result.faults).starts_with("f:4:24: [[tool]] \"t\": {who} stands in program text"))
      << lines(result.faults);
  const auto warned = read(tool("command = [\"ls\", \"*.txt\"]\n"));
  EXPECT_EQ(lines(warned.faults), "");
  EXPECT_TRUE(
      lines(warned.warnings).starts_with("f:4:18: [[tool]] \"t\": \"*.txt\" is passed as it"));
}

TEST(commands, that_are_one_string_are_taken_apart) {
  EXPECT_EQ(
      lines(
          read(tool("command = [\"ls -l {dir}\"]\n[tool.params.dir]\ntype = \"string\"\n")).faults),
      "f:4:12: [[tool]] \"t\": each argument is an item of its own: write [\"ls\", \"-l\", "
      "\"{dir}\"]\n");
  EXPECT_EQ(lines(read(tool("command = [\"ls -l\"]\n")).faults),
            "f:4:12: [[tool]] \"t\": there is no program \"ls -l\" in the folders of PATH "
            "(/usr/bin:/bin); each argument is an item of its own: write [\"ls\", \"-l\"]\n");
}

TEST(enums, may_be_of_numbers) {
  const std::string begin = tool("command = [\"ls\", \"{n}\"]\n[tool.params.n]\n");
  const auto result = read(begin + "type = \"integer\"\nenum = [1, 2]\ndefault = 2\n");
  EXPECT_EQ(lines(result.faults), "");
  EXPECT_EQ(result.config.tools.at(0).parameters.at(0).numbers, (std::vector<long double>{1, 2}));
  EXPECT_EQ(lines(read(begin + "type = \"array\"\nitems = { type = \"number\", enum = [1, 2.5] }\n")
                      .faults),
            "");
  EXPECT_EQ(lines(read(begin + "type = \"integer\"\nenum = [1, 2]\ndefault = 3\n").faults),
            "f:8:11: [[tool]] \"t\" params.n: default expected one of 1, 2, got 3\n");
  EXPECT_EQ(lines(read(begin + "type = \"string\"\nenum = [1, 2]\n").faults),
            "f:7:8: [[tool]] \"t\" params.n: enum holds numbers; this parameter takes strings\n");
  EXPECT_EQ(
      lines(read(begin + "type = \"integer\"\nenum = [\"1\"]\n").faults),
      "f:7:8: [[tool]] \"t\" params.n: enum holds strings; this parameter takes integers; write "
      "them without quotes\n");
  EXPECT_EQ(lines(read(begin + "type = \"integer\"\nenum = [1.5, nan]\n").faults),
            "f:7:8: [[tool]] \"t\" params.n: enum 1.5 is no integer\n"
            "f:7:8: [[tool]] \"t\" params.n: enum must hold finite numbers\n");
  EXPECT_EQ(lines(read(begin + "type = \"integer\"\nenum = [1, 1e300, inf]\n").faults),
            "f:7:8: [[tool]] \"t\" params.n: enum 1e+300 is more than 64 bits can hold\n"
            "f:7:8: [[tool]] \"t\" params.n: enum must hold finite numbers\n");
}

TEST(output_schemas, are_a_table_or_json_for_results_that_are_json) {
  const std::string json = tool("command = [\"ls\"]\nresult = \"json\"\n");
  const auto schema = [](const config::read_result& result) {
    EXPECT_EQ(lines(result.faults), "");
    return std::string(result.config.tools.at(0).options.output_schema.view());
  };
  EXPECT_EQ(schema(read(json + "[tool.output_schema]\ntype = \"object\"\nrequired = [\"b\"]\n"
                               "[tool.output_schema.properties]\nb = { type = \"string\" }\n"
                               "a = { type = \"integer\", minimum = 0 }\n")),
            R"({"type":"object","required":["b"],"properties":{"b":{"type":"string"},)"
            R"("a":{"type":"integer","minimum":0}}})");
  EXPECT_EQ(schema(read(json + "output_schema = '{\"type\":\"object\"}'\n")),
            R"({"type":"object"})");
  EXPECT_EQ(lines(read(tool("command = [\"ls\"]\noutput_schema = '{}'\n")).faults),
            "f:5:17: [[tool]] \"t\": output_schema is for result = \"json\"\n");
  EXPECT_EQ(lines(read(json + "output_schema = { type = \"array\" }\n").faults),
            "f:6:17: [[tool]] \"t\": output_schema must have type = \"object\"\n");
  EXPECT_TRUE(lines(read(json + "output_schema = '{'\n").faults).starts_with("f:6:17: "));
  EXPECT_NE(lines(read(json + "output_schema = { type = \"object\", properties = { a = { pattern = "
                              "'(?i)a' } } }\n")
                      .faults)
                .find("properties.a.pattern: the pattern holds '(?i)'"),
            std::string::npos);
}

TEST(first_users_settings, are_read) {
  const auto result =
      read("[server]\nignore_arguments = [\"x\"]\nstrict_arguments = true\nlinks = false\n" +
           tool("command = [\"ls\"]\nstrict_arguments = false\nlinks = true\n"));
  EXPECT_EQ(lines(result.faults), "");
  EXPECT_EQ(result.config.server.ignore_arguments, std::vector<std::string>{"x"});
  EXPECT_TRUE(result.config.server.strict_arguments);
  EXPECT_FALSE(result.config.server.links);
  EXPECT_EQ(result.config.tools.at(0).options.strict_arguments, false);
  EXPECT_EQ(result.config.tools.at(0).options.links, true);
  EXPECT_EQ(server_options().ignore_arguments,
            (std::vector<std::string>{"toolCallId", "sessionId", "action", "chatInput", "tool"}));
}

}  // namespace
}  // namespace longhaul::test
