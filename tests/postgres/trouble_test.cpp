// SPDX-License-Identifier: Apache-2.0
// Databases that answer and cannot do it: what callers are told, what /readyz says, and that it is
// over by itself.
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/random.hpp"
#include "longhaul/stores/task_id.hpp"
#include "longhaul/testing/run.hpp"
#include "operator/kept_numbers.hpp"
#include "postgres/guest.hpp"
#include "postgres/relay.hpp"
#include "postgres/test_schema.hpp"
#include "support/process_census.hpp"

namespace longhaul::test {
namespace {

using testkit::run;

stores::new_task task_at(timestamp now) {
  auto origin = std::make_shared<task_origin>();
  origin->created_at = now;
  origin->id = new_task_id(now);
  origin->owner = origin->quota = "alice";
  origin->tool = "render";
  origin->arguments = raw_json::trusted("{}");
  stores::new_task task;
  task.origin = std::move(origin);
  return task;
}

// What a caller is told; empty: it was done.
std::string told(stores::store& store, const stores::new_task& task) {
  try {
    run(store.create(task));
    return {};
  } catch (const stores::store_error& e) {
    return e.reason();
  }
}

postgres::database_options through(const relay& network, const test_schema& schema) {
  postgres::database_options options = schema.options();
  options.where = network.url();
  return options;
}

TEST(trouble, a_full_disk_is_told_and_forgotten_when_there_is_room) {
  test_schema schema;
  const auto store = schema.open();
  const stores::new_task before = task_at(schema.now());
  ASSERT_EQ(told(*store, before), "");
  schema.run(
      "CREATE FUNCTION @.fills() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "RAISE EXCEPTION 'could not extend file /var/lib/x' USING ERRCODE = '53100'; END $$");
  for (const std::string table : {"tasks", "output_parts"}) {
    schema.run("CREATE TRIGGER fills BEFORE INSERT ON @." + table +
               " FOR EACH ROW EXECUTE FUNCTION @.fills()");
  }
  const stores::new_task refused = task_at(schema.now());
  const std::string full = "the disk of the tasks' database is full";
  EXPECT_EQ(told(*store, refused), full);
  EXPECT_EQ(store->trouble(), full) << "/readyz says so";
  EXPECT_NE(store->trouble_in_full().find("could not extend file"), std::string::npos)
      << "for the log";
  EXPECT_TRUE(run(store->get("alice", before.origin->id))) << "reading goes on";
  EXPECT_FALSE(wait_until([&] { return store->trouble().empty(); }, std::chrono::seconds(7)))
      << "the trial fails as well";
  schema.run("DROP FUNCTION @.fills() CASCADE");
  EXPECT_TRUE(wait_until([&] { return store->trouble().empty(); })) << "nobody has to call for it";
  EXPECT_EQ(told(*store, refused), "");
  EXPECT_EQ(schema.run("SELECT count(*) FROM @.output_parts"), "0") << "no trial stays";
}

TEST(trouble, a_server_without_connections_is_waited_for) {
  guest one("guest_of_a_full_house");
  one.run("CREATE SCHEMA guest_of_a_full_house AUTHORIZATION guest_of_a_full_house");
  postgres::postgres_store store(one.options());
  one.run("ALTER ROLE guest_of_a_full_house CONNECTION LIMIT 0");
  one.run(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
      "WHERE usename = 'guest_of_a_full_house'");
  const std::string silent = "the database of the tasks does not answer";
  EXPECT_TRUE(wait_until([&] { return store.trouble() == silent; })) << store.trouble();
  EXPECT_NE(store.trouble_in_full().find("too many connections"), std::string::npos)
      << "for the log: " << store.trouble_in_full();
  const stores::new_task task = task_at(store.now().wall);
  EXPECT_EQ(told(store, task), silent);
  one.run("ALTER ROLE guest_of_a_full_house CONNECTION LIMIT 20");
  EXPECT_TRUE(wait_until([&] { return store.trouble().empty(); }));
  EXPECT_EQ(told(store, task), "");
}

// What a network swallowed was found out connection by connection, each after its own time-out, and
// the lease was lost meanwhile.
TEST(trouble, connections_that_a_network_has_swallowed_do_not_cost_the_lease) {
  test_schema schema;
  relay network(cluster::shared().port());
  postgres::postgres_store store(through(network, schema));
  const process_id process = new_process_id();
  ASSERT_TRUE(run(store.renew(process, std::chrono::seconds(15))).alive);
  // All connections are open, and each has something on its way when the network fails.
  std::atomic<bool> enough{false};
  std::vector<std::jthread> readers;
  const auto stop = [&](void*) { enough = true; };
  const std::unique_ptr<void, decltype(stop)> stop_readers(&enough,
                                                           stop);  // before they are joined
  for (int i = 0; i < 16; ++i) {
    readers.emplace_back([&] {
      try {
        while (!enough) run(store.claimed(process));
      } catch (const stores::store_error&) {  // it was swallowed
      }
    });
  }
  ASSERT_TRUE(wait_until([&] { return network.connections() >= 4; })) << network.connections();
  network.swallow(true);
  ASSERT_TRUE(wait_until([&] { return network.swallowed() >= 2; })) << network.swallowed();
  std::optional<stores::renew_result> renewed;
  std::jthread renewing([&] { renewed = run(store.renew(process, std::chrono::seconds(15))); });
  // What it asks, and what was on its way: the readers are stuck, and ask nothing more.
  ASSERT_TRUE(wait_until([&] { return network.swallowed() >= 3; })) << network.swallowed();
  enough = true;
  network.swallow(false);
  renewing.join();  // throws after ten seconds
  ASSERT_TRUE(renewed);
  EXPECT_TRUE(renewed->alive);
  EXPECT_TRUE(run(store.claimed(process)).empty());
}

// A network had dropped it for good; what was followed was looked at every ten seconds only, for
// half a minute, because words had come on it before.
TEST(trouble, who_listens_on_a_connection_that_is_dead_listens_on_another) {
  test_schema schema;
  relay network(cluster::shared().port());
  postgres::postgres_store store(through(network, schema));
  ASSERT_TRUE(wait_until([&] { return network.listening() == 1; }));
  network.forget_connections();
  EXPECT_TRUE(wait_until([&] { return network.listening() == 2; }, std::chrono::minutes(1)));
}

// A scrape came back after 21 s, when Prometheus had long given up: figures of a database that is
// away were seen by nobody.
TEST(trouble, operators_are_not_kept_waiting_for_it) {
  test_schema schema;
  relay network(cluster::shared().port());
  postgres::postgres_store store(through(network, schema));
  boost::asio::io_context listener;
  const auto work = boost::asio::make_work_guard(listener);
  const std::jthread thread([&] { listener.run(); });
  const auto stop = [&](void*) { listener.stop(); };
  const std::unique_ptr<void, decltype(stop)> stop_listener(&listener, stop);
  operating::kept_numbers numbers;
  const auto look = [&] {
    return boost::asio::co_spawn(listener, numbers.read(store), boost::asio::use_future).get();
  };
  ASSERT_EQ(told(store, task_at(store.now().wall)), "");
  ASSERT_TRUE(wait_until([&] { return look().counts.contains("render"); }));
  network.swallow(true);
  ASSERT_TRUE(wait_until([&] {
    look();
    return network.swallowed() > 0;
  }));
  EXPECT_TRUE(look().counts.contains("render")) << "what was known";
  EXPECT_EQ(store.trouble(), "") << "the store itself still waits for an answer";
  network.swallow(false);
  EXPECT_TRUE(wait_until([&] { return look().oldest != nullptr; }));
  store.close();  // before the listener's end
}

}  // namespace
}  // namespace longhaul::test
