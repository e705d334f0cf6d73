// SPDX-License-Identifier: Apache-2.0
// A store of somebody else (that of examples/own_store), held to the whole contract, and handed to
// a server and to a task engine, with the installed package and GoogleTest.
#include "own_store/table_store.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <longhaul/longhaul.hpp>
#include <longhaul/task_engine.hpp>
#include <longhaul/testing.hpp>
#include <longhaul/testing/store_contract.hpp>
#include <memory>
#include <string>

namespace testkit = longhaul::testkit;

class table_fixture : public testkit::store_fixture {
 public:
  longhaul::stores::store& tested() override { return table_; }

 private:
  example::table_store table_{clock_};
};

LONGHAUL_STORE_CONTRACT(
    table,
    testkit::store_maker{
        .name = "plain", .make = [] { return std::make_unique<table_fixture>(); }, .slower = 100},
    testkit::store_maker{
        .name = "with_faults",
        .make = [] { return std::make_unique<testkit::faulty_fixture<table_fixture>>(); },
        .repeats = true,
        .slower = 100});

TEST(table_store, keeps_the_tasks_of_a_server) {
  const auto clock = std::make_shared<testkit::manual_clock>();
  const auto store = std::make_shared<example::table_store>(*clock);
  longhaul::server server{{.name = "brewery"}};
  server.add_tool({.name = "brew"}, [](longhaul::task_context& task) {
    task.sleep_for(std::chrono::hours(8));
    return std::string("tea");
  });
  testkit::test_server serving(server, {.store = store, .clock = clock});
  testkit::client host(serving);
  const auto made = host.create_task("brew");
  EXPECT_EQ(host.wait_task(made->id)->result->text(), "tea");
  ASSERT_TRUE(store->known(made->id));
  EXPECT_EQ(store->known(made->id)->status, longhaul::task_status::completed);
}

TEST(table_store, keeps_the_tasks_of_an_engine) {
  longhaul::task_engine_options options;
  const auto store = std::make_shared<example::table_store>();
  options.store = store;
  longhaul::task_engine engine(options);
  engine.start();
  longhaul::task_request wish;
  wish.tool = "print";
  const longhaul::task_ptr task = engine.create_external(wish);
  engine.complete(task->id(), task->origin->token, "printed");
  EXPECT_EQ(store->known(task->id())->status, longhaul::task_status::completed);
}
