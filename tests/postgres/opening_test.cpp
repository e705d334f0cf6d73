// SPDX-License-Identifier: Apache-2.0
// What a database must be and who may use it; and how it is named.
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "open/store_url.hpp"
#include "postgres/guest.hpp"
#include "postgres/test_schema.hpp"

namespace longhaul::test {
namespace {

// Why it does not open; empty: it did.
std::string fault_of(const postgres::database_options& options) {
  try {
    postgres::postgres_store store(options);
    return {};
  } catch (const std::runtime_error& e) {
    return e.what();
  }
}

bool says(const std::string& fault, const std::string& part) {
  return fault.find(part) != std::string::npos;
}

TEST(opening, a_schema_of_a_later_version_is_left_alone) {
  test_schema schema;
  schema.run("UPDATE @.meta SET value = '99' WHERE name = 'version'");
  EXPECT_TRUE(says(fault_of(schema.options()), "use a newer Longhaul"));
  schema.run("UPDATE @.meta SET value = '" + std::to_string(postgres::newest_version()) +
             "' WHERE name = 'version'");
  EXPECT_EQ(fault_of(schema.options()), "");
}

TEST(opening, who_may_not_make_a_schema_is_told_who_can_and_may_be_given_one) {
  guest one("guest_without_rights");
  EXPECT_TRUE(says(fault_of(one.options()), "AUTHORIZATION"));
  one.run("CREATE SCHEMA guest_without_rights AUTHORIZATION guest_without_rights");
  EXPECT_EQ(fault_of(one.options()), "");
}

TEST(opening, a_database_that_may_forget_is_refused_unless_that_is_wanted) {
  guest one("guest_that_forgets");
  one.run("CREATE SCHEMA guest_that_forgets AUTHORIZATION guest_that_forgets");
  one.run("ALTER ROLE guest_that_forgets SET synchronous_commit = off");
  postgres::database_options options = one.options();
  EXPECT_TRUE(says(fault_of(options), "synchronous_commit"));
  options.may_lose = true;
  EXPECT_EQ(fault_of(options), "");
  one.run("ALTER ROLE guest_that_forgets SET default_transaction_isolation = 'serializable'");
  EXPECT_TRUE(says(fault_of(options), "read committed"));
}

TEST(opening, many_may_make_the_schema_at_once) {
  postgres::database_options options;
  options.where = cluster::shared().url();
  options.schema = cluster::new_schema();
  std::vector<std::thread> threads;
  std::atomic<int> faults{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { faults += fault_of(options).empty() ? 0 : 1; });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(faults, 0);
  postgres::postgres_store one(options), other(options);
  EXPECT_EQ(one.secret(), other.secret());
  EXPECT_EQ(one.secret().size(), 32U);
}

TEST(store_url, our_parameters_are_ours_and_the_rest_is_libpqs) {
  const store_url url = parse_store_url(
      "postgres://me@db/tasks?sslmode=require&schema=other&notify=off&connect_timeout=3");
  EXPECT_EQ(url.is, store_url::kind::database);
  EXPECT_EQ(url.where, "postgres://me@db/tasks?sslmode=require&connect_timeout=3");
  EXPECT_EQ(url.schema, "other");
  EXPECT_FALSE(url.notify);
  EXPECT_FALSE(url.may_lose);
  EXPECT_EQ(parse_store_url("postgresql://db/tasks").schema, "longhaul");
  EXPECT_TRUE(parse_store_url("postgres://db/tasks?synchronous_commit=off").may_lose);
}

TEST(store_url, is_shown_without_passwords) {
  EXPECT_EQ(without_password("postgres://me:a@b:c@db:1/tasks?schema=x"),
            "postgres://me@db:1/tasks?schema=x");
  EXPECT_EQ(without_password("postgres://db:1/tasks?sslpassword=a&password=b&user=me"),
            "postgres://db:1/tasks?sslpassword=…&password=…&user=me");
  EXPECT_EQ(without_password("postgres:///tasks?host=/run/x@y:z"),
            "postgres:///tasks?host=/run/x@y:z");
}

TEST(store_url, what_is_none_is_refused_with_what_to_write) {
  for (const char* text : {"", "sqlite:", "mysql://db", "postgres:db", "memory",
                           "postgres://db/tasks?schema=", "postgres://db/tasks?notify=maybe"}) {
    EXPECT_THROW(parse_store_url(text), std::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace longhaul::test
