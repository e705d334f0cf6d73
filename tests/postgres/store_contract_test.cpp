// SPDX-License-Identifier: Apache-2.0
// The PostgreSQL store in the contract suite that users get, on a real server: plainly, and behind
// faults with everything repeated.
#include "longhaul/testing/store_contract.hpp"

#include <memory>

#include "postgres/cluster.hpp"
#include "postgres/postgres_store.hpp"

namespace longhaul::test {
namespace {

using testkit::store_maker;

// The store takes its time from the database, so that is where the test's time is.
class postgres_fixture : public testkit::store_fixture {
 public:
  postgres_fixture() : schema_(cluster::new_schema()), link_(cluster::shared().url()) {
    open();  // makes the schema
    store_.reset();
    link_.run("CREATE TABLE " + schema_ + ".test_clock (ms bigint)");
    link_.run("INSERT INTO " + schema_ + ".test_clock VALUES (" + std::to_string(ms_) + ")");
    link_.run("CREATE OR REPLACE FUNCTION " + schema_ +
              ".store_time() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT ms FROM " + schema_ +
              ".test_clock'");
    open();
  }
  ~postgres_fixture() override {
    store_.reset();
    link_.run("DROP SCHEMA " + schema_ + " CASCADE");
  }

  stores::store& tested() override { return *store_; }
  bool reopen() override {
    store_.reset();
    open();
    return true;
  }
  void advance(milliseconds by) override {
    clock_.advance(by);
    ms_ += by.count();
    link_.run("UPDATE " + schema_ + ".test_clock SET ms = " + std::to_string(ms_));
  }
  timestamp now() const override { return timestamp(milliseconds(ms_)); }

 private:
  void open() {
    postgres::database_options options;
    options.where = cluster::shared().url();
    options.schema = schema_;
    options.clock = &clock_;
    store_ = std::make_unique<postgres::postgres_store>(options);
  }

  const std::string schema_;
  direct_link link_;
  milliseconds::rep ms_ = 1'750'000'000'000;
  std::unique_ptr<postgres::postgres_store> store_;
};

store_maker plain() {
  return {"plain", [] { return std::make_unique<postgres_fixture>(); }, false, 50};
}
store_maker with_faults() {
  return {"with_faults",
          [] { return std::make_unique<testkit::faulty_fixture<postgres_fixture>>(); }, true, 100};
}

LONGHAUL_STORE_CONTRACT(postgres, plain(), with_faults());

}  // namespace
}  // namespace longhaul::test
