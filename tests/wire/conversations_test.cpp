// SPDX-License-Identifier: Apache-2.0
// Every tests/wire/*.txt is played as one test of its name.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "conversation.hpp"

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

class conversation : public testing::TestWithParam<std::string> {};

TEST_P(conversation, goes_as_written) {
  EXPECT_EQ(play_conversation(LONGHAUL_TEST_DATA "/" + GetParam() + ".txt"), "");
}

INSTANTIATE_TEST_SUITE_P(wire, conversation, testing::ValuesIn(names()),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace longhaul::test
