// SPDX-License-Identifier: Apache-2.0
// `longhaul store … postgres://…`, before, beside and after servers that share the schema.
#if LONGHAUL_POSTGRES
#include "postgres/cluster.hpp"
#include "programs/fixture.hpp"
#include "programs/store_verb.hpp"

namespace longhaul::test {
namespace {

class store_database : public serve {
 protected:
  // Before anything is marked: the server outlives each test.
  static void SetUpTestSuite() { cluster::shared(); }
  ~store_database() override {
    servers_.clear();
    direct_link(cluster::shared().url()).run("DROP SCHEMA IF EXISTS " + schema_ + " CASCADE");
  }

  json::object stats() const {
    return json::parse(store({"stats", url_, "--json"}).out).as_object();
  }
  served& start_server() {
    servers_.push_back(std::make_unique<served>(
        home,
        script_tool(home, "quick", "echo ok", marked) +
            script_tool(home, "slow", "exec sleep 1000", std::string(marked) + "max_running = 1\n"),
        "store = \"" + url_ + "\"\n"));
    return *servers_.back();
  }

  const std::string schema_ = cluster::new_schema();
  const std::string url_ = cluster::shared().url() + "?schema=" + schema_;
  std::vector<std::unique_ptr<served>> servers_;
};

TEST_F(store_database, is_made_looked_at_and_counted_beside_servers) {
  EXPECT_EQ(store({"stats", url_}).code, 1);
  const said none = store({"check", url_});
  EXPECT_EQ(none.code, 1);
  EXPECT_NE(none.errors.find("longhaul store migrate makes them"), std::string::npos);
  EXPECT_EQ(store({"migrate", url_}).out, url_ + ": made, version 2\n");
  EXPECT_EQ(store({"migrate", url_}).out, url_ + ": version 2 already\n");
  EXPECT_EQ(store({"migrate", url_, "--json"}).out, "{\"before\":2,\"after\":2}\n");
  EXPECT_EQ(store({"check", url_}).out, url_ + ": sound\n");

  served& first = start_server();
  start_server();
  for (int i = 0; i < 3; ++i) first.end_of(first.start("quick"));
  const std::string slow = first.start("slow");
  EXPECT_TRUE(wait_until([&] { return stats().at("queued") == 0; }));
  const said check = store({"check", url_, "--json"});
  EXPECT_EQ(check.code, 0) << check.errors;
  EXPECT_EQ(check.out, "{\"sound\":true,\"problems\":[]}\n");
  const json::object is = stats();
  EXPECT_EQ(is.at("version"), 2);
  EXPECT_EQ(is.at("completed"), 3);
  EXPECT_EQ(is.at("working"), 1);
  EXPECT_EQ(is.at("tools").at("slow").at("working"), 1);
  EXPECT_EQ(is.at("oldest_open").at("id"), json::value(slow));
  EXPECT_EQ(is.at("processes").as_array().size(), 2U);
  const said people = store({"stats", url_});
  EXPECT_NE(people.out.find("completed         3\n"), std::string::npos) << people.out;
  EXPECT_NE(people.out.find("pid " + std::to_string(first.process().pid()) + ", "),
            std::string::npos)
      << people.out;
  const said listed = store({"list", url_, "--status", "completed", "--json"});
  EXPECT_EQ(json::parse(listed.out).at("tasks").as_array().size(), 3U);
  EXPECT_EQ(listed.out.find("content"), std::string::npos);
  EXPECT_EQ(store({"list", url_, "--tool", "slow"}).out.find(slow + "  working for "), 0U);
}

TEST_F(store_database, says_what_is_wrong_and_what_is_for_files) {
  store({"migrate", url_});
  direct_link link(cluster::shared().url());
  link.run("INSERT INTO " + schema_ + ".bodies (id) VALUES ('\x1b[2Jx')");
  const said check = store({"check", url_});
  EXPECT_EQ(check.code, 1);
  EXPECT_EQ(check.out, "body without a task: x\n" + url_ + ": 1 problem\n");
  EXPECT_NE(store({"check", url_, "--json"}).out.find("{\"sound\":false,\"problems\":[\"body"),
            std::string::npos);

  const said backup = store({"backup", url_});
  EXPECT_EQ(backup.code, 2);
  EXPECT_NE(backup.errors.find("pg_dump --schema='" + schema_ + "'"), std::string::npos);
  const said vacuum = store({"vacuum", url_});
  EXPECT_EQ(vacuum.code, 2);
  EXPECT_NE(vacuum.errors.find("autovacuum"), std::string::npos);
  EXPECT_EQ(store({"check", "memory:"}).code, 2);
  EXPECT_EQ(store({"check", url_ + "&notify=maybe"}).code, 2);
}

TEST_F(store_database, no_password_is_shown) {
  const said refused =
      store({"check", "postgres://me:s3cret@127.0.0.1:1/x?password=s3cret&connect_timeout=1"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(refused.errors.find("s3cret"), std::string::npos) << refused.errors;
  EXPECT_NE(refused.errors.find("postgres://me@127.0.0.1:1/x"), std::string::npos);
}

}  // namespace
}  // namespace longhaul::test
#endif
