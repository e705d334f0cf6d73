// SPDX-License-Identifier: Apache-2.0
// What an operator reads when something is wrong with the file: golden texts in faults.txt, and
// files that nobody wrote by hand.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "config/nesting.hpp"
#include "config/read_config.hpp"
#include "config/tunables.hpp"
#include "support/temporary_folder.hpp"

namespace longhaul::test {
namespace {

struct golden_case {
  std::string title, file;
  std::vector<std::string> said;
};

std::vector<golden_case> golden_cases() {
  std::ifstream in(LONGHAUL_TEST_DATA "/faults.txt");
  std::vector<golden_case> all;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("## ")) {
      all.push_back({line.substr(3), "", {}});
    } else if (line == "~~~") {
      inside = !inside;
    } else if (inside) {
      all.back().file += line + "\n";
    } else if (!all.empty() && !line.empty()) {
      all.back().said.push_back(line);
    }
  }
  return all;
}

class faults : public testing::Test {
 protected:
  faults() {
    std::filesystem::create_directory(folder.file("folder"));
    folder.write("plain", "x");
    std::filesystem::create_symlink("plain", folder.file("link"));
    ::mkfifo(folder.file("pipe").c_str(), 0600);
    options = {.file_name = "f.toml", .folder = folder.path(), .search_path = "/usr/bin:/bin"};
  }
  std::vector<std::string> said_of(const std::string& text) const {
    std::vector<std::string> said;
    for (const auto& fault : config::read_config(text, options).faults) {
      said.push_back(config::to_string(fault, "f.toml"));
      const std::string& path = folder.path();
      for (auto at = said.back().find(path); at != std::string::npos; at = said.back().find(path)) {
        said.back().replace(at, path.size(), "FOLDER");
      }
    }
    return said;
  }

  temporary_folder folder;
  config::read_options options;
};

TEST_F(faults, are_told_as_in_the_golden_file) {
  const auto all = golden_cases();
  ASSERT_GE(all.size(), 20U);
  for (const auto& one : all) EXPECT_EQ(said_of(one.file), one.said) << one.title;
}

TEST_F(faults, lines_that_end_as_on_windows_and_a_byte_order_mark_change_nothing) {
  std::string file = "\xEF\xBB\xBF[server]\r\nname = 3\r\n";
  EXPECT_EQ(said_of(file).front(), "f.toml:2:8: [server]: name must be a string, not an integer");
}

TEST_F(faults, bytes_that_are_no_text_are_one_fault_each_file) {
  EXPECT_EQ(said_of("name = \"\xFF\"\n").size(), 1U);
  EXPECT_EQ(said_of(std::string("a\0b", 3)).size(), 1U);
  EXPECT_EQ(said_of("x = " + std::string(100'000, '[')).size(), 1U) << "and no stack overflows";
  EXPECT_EQ(said_of("x = " + std::string(50'000, '{')).size(), 1U);
  EXPECT_EQ(said_of(std::string(config::tunables::max_config_bytes + 1, '\n')),
            std::vector<std::string>{"f.toml:1:1: the file has more than 1 MiB"});
  EXPECT_FALSE(said_of("").empty());
}

// """a"""" is a and a quote. Whoever looked for levels took that quote for the begin of a string:
// the rest of the line went unseen. There stood levels, over which the parser's stack overflowed,
// or brackets that close, without which flat files were too deep.
TEST_F(faults, strings_that_end_with_quotes_of_their_own_hide_no_levels) {
  std::string deep = "k";
  for (int i = 0; i < 150'000; ++i) deep += ".k";
  for (const char* text : {"\"\"\"b\"\"\"\"", "\"\"\"b\"\"\"\"\"", "'''b''''", "'''b'''''"}) {
    std::string flat;
    for (int i = 0; i < 100; ++i) flat += "a" + std::to_string(i) + " = [ " + text + " ]\n";
    ASSERT_FALSE(config::too_deep(flat)) << text;
    const auto said = said_of("x = { a = " + std::string(text) + ", " + deep + " = 1 }\n");
    ASSERT_EQ(said.size(), 1U) << text;
    EXPECT_NE(said.front().find("nests deeper"), std::string::npos) << said.front();
  }
}

TEST_F(faults, are_fifty_at_most_the_first_ones_of_the_file) {
  std::string file;
  for (int i = 0; i < 200; ++i) file += "key" + std::to_string(i) + " = 1\n";
  const auto said = said_of(file);
  ASSERT_EQ(said.size(), config::tunables::max_faults);
  EXPECT_TRUE(said.front().starts_with("f.toml:1:1: "));
  EXPECT_TRUE(said.back().starts_with("f.toml:50:1: "));
}

TEST_F(faults, a_nul_in_what_a_program_would_get_is_refused) {
  const std::string tool = "[[tool]]\nname = \"t\"\ndescription = \"d\"\n";
  EXPECT_EQ(said_of(tool + "command = [\"ls\", \"a\\u0000b\"]\n"),
            std::vector<std::string>{
                "f.toml:4:18: [[tool]] \"t\": command must not hold a NUL character (\\u0000)"});
  EXPECT_EQ(said_of(tool + "command = [\"ls\"]\nenv = { A = \"\\u0000\" }\n").size(), 1U);
  EXPECT_EQ(said_of(tool + "command = [\"ls\"]\ndirectory = \"\\u0000\"\n").size(), 1U);
}

TEST_F(faults, too_many_tools_are_refused) {
  std::ostringstream file;
  for (std::size_t i = 0; i <= config::tunables::max_tools; ++i) {
    file << "[[tool]]\nname = \"t" << i << "\"\ndescription = \"d\"\ncommand = [\"ls\"]\n";
  }
  const auto said = said_of(file.str());
  ASSERT_EQ(said.size(), 1U);
  EXPECT_NE(said.front().find("more than 1000 tools"), std::string::npos);
}

TEST_F(faults, too_many_resources_and_prompts_are_refused) {
  std::ostringstream file;
  for (std::size_t i = 0; i <= config::tunables::max_features; ++i) {
    file << "[[resource]]\nuri = \"t:" << i << "\"\ntext = \"x\"\n";
    file << "[[prompt]]\nname = \"p" << i << "\"\ntext = \"x\"\n";
  }
  const auto said = said_of(file.str());
  ASSERT_EQ(said.size(), 2U);
  EXPECT_NE(said[0].find("more than 1000 resources"), std::string::npos);
  EXPECT_NE(said[1].find("more than 1000 prompts"), std::string::npos);
}

TEST_F(faults, of_files_that_cannot_be_read) {
  const auto said = [](const std::string& path) {
    const auto found = config::load_config(path, "/bin").faults;
    return found.empty() ? "" : found.front().message;
  };
  EXPECT_EQ(said(folder.file("missing")), "there is no such file");
  EXPECT_EQ(said(folder.path()), "this file cannot be read");
}

}  // namespace
}  // namespace longhaul::test
