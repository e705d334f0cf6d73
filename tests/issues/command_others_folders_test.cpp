// SPDX-License-Identifier: Apache-2.0
// A server with its tasks in memory swept its `state_dir` at the start, and took everything whose
// name began with "longhaul-" for what servers had left there: also `longhaul-2.db.output`, the
// output of another server, which lives. Only names as mkdtemp makes them are swept.
#include <gtest/gtest.h>

#include <filesystem>

#include "command/output_folder.hpp"
#include "support/temporary_folder.hpp"

namespace longhaul::test {
namespace {

namespace fs = std::filesystem;

TEST(folders_of_others, are_not_swept_with_those_that_were_left_behind) {
  const temporary_folder home;
  const fs::path place = home.file("state");
  const auto make = [&](const std::string& name) {
    fs::create_directories(place / name / "task");
    fs::permissions(place, fs::perms::owner_all);
    return place / name;
  };
  const fs::path left = make("longhaul-dead00");
  const std::vector<fs::path> others = {make("longhaul-2.db.output"), make("longhaul-dead0"),
                                        make("longhaul-dead000"),     make("longhaul-dead.0"),
                                        make("longhauled-dead00"),    make("other")};
  const command::output_folder mine(place);
  EXPECT_FALSE(fs::exists(left));
  for (const fs::path& other : others) EXPECT_TRUE(fs::exists(other / "task")) << other;
  EXPECT_EQ(mine.root().filename().string().size(), left.filename().string().size())
      << "what is made is what is swept";
}

}  // namespace
}  // namespace longhaul::test
