// SPDX-License-Identifier: Apache-2.0
// Two servers on one database and a tool that runs once at a time: a program counts until it has
// ended, also when its server is told to stop.
#if LONGHAUL_POSTGRES
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>

#include "postgres/cluster.hpp"
#include "programs/fixture.hpp"

namespace longhaul::test {
namespace {

// Takes its time to end: until there is a file `go`.
const std::string unwilling = R"(
cd "$PLACE"
trap 'touch told; until [ -e go ]; do sleep 0.01; done; rmdir busy; exit 143' TERM
mkdir busy || touch overlap
echo run >> runs
until [ -e enough ]; do sleep 0.01; done
rmdir busy
)";

class fleet_keys : public serve {
 protected:
  static void SetUpTestSuite() { cluster::shared(); }
  ~fleet_keys() override {
    home.write("go", "");
    home.write("enough", "");
    one_.reset();
    other_.reset();
    direct_link(cluster::shared().url()).run("DROP SCHEMA IF EXISTS " + schema_ + " CASCADE");
  }

  std::unique_ptr<served> start(const temporary_folder& folder, const std::string& keys) {
    const std::string environment = std::string("env = { PLACE = \"") + home.path() + "\" }\n";
    const std::string keyed =
        script_tool(folder, "keyed", unwilling, marked + environment + "concurrency = 1\n");
    const std::string patient = std::string("stop_grace = \"60s\"");
    std::string tools = keyed + script_tool(folder, "quick", "echo ok", marked);
    tools.replace(tools.find("stop_grace = \"200ms\""), 20, patient);
    return std::make_unique<served>(folder, tools, "store = \"" + url_ + "\"\n" + keys);
  }
  void start_both(const std::string& grace) {
    one_ = start(home, "drain_grace = \"" + grace + "\"\n");
    other_ = start(elsewhere_, "drain_grace = \"0s\"\n");
  }
  bool is_there(const std::string& name) const { return std::filesystem::exists(home.file(name)); }
  bool await(const std::string& name) {
    return wait_until([&] { return is_there(name); });
  }
  // What is free is claimed meanwhile.
  void pass_some_work(served& at) {
    for (int i = 0; i < 3; ++i) at.end_of(at.start("quick"));
  }
  void expect_one_after_the_other(const std::string& second) {
    pass_some_work(*other_);
    EXPECT_EQ(lines_of("runs").size(), 1U) << "the second has begun";
    home.write("go", "");
    EXPECT_TRUE(wait_until([&] { return lines_of("runs").size() == 2; }));
    EXPECT_FALSE(is_there("overlap"));
    home.write("enough", "");
    EXPECT_EQ(served::status(other_->end_of(second)), "completed");
  }

  const std::string schema_ = cluster::new_schema();
  const std::string url_ = cluster::shared().url() + "?schema=" + schema_;
  temporary_folder elsewhere_;
  std::unique_ptr<served> one_, other_;
};

TEST_F(fleet_keys, a_run_that_was_cancelled_counts_while_its_server_drains) {
  start_both("60s");
  const std::string first = one_->start("keyed");
  ASSERT_TRUE(await("busy"));
  const std::string second = other_->start("keyed");
  other_->cancel(first);
  ASSERT_TRUE(await("told"));
  one_->process().signal(SIGTERM);
  while (one_->process().error_line().find("server.drain") == std::string::npos) {
  }
  expect_one_after_the_other(second);
}

TEST_F(fleet_keys, a_run_that_is_given_up_counts_until_its_program_has_ended) {
  start_both("0s");
  one_->start("keyed");
  ASSERT_TRUE(await("busy"));
  const std::string second = other_->start("keyed");
  one_->process().signal(SIGTERM);
  ASSERT_TRUE(await("told"));
  expect_one_after_the_other(second);
}

}  // namespace
}  // namespace longhaul::test
#endif
