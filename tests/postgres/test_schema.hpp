// SPDX-License-Identifier: Apache-2.0
// A schema with empty tables, whose time the test owns: handed from test to test, because making
// the tables costs more than most tests.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "longhaul/testing/clock.hpp"
#include "postgres/cluster.hpp"
#include "postgres/postgres_store.hpp"

namespace longhaul::test {

class test_schema {
 public:
  test_schema() : link_(cluster::shared().url()) {
    free().empty() ? make() : take();
    run("UPDATE @.test_clock SET ms = " + std::to_string(ms_));
  }
  ~test_schema() {
    run("TRUNCATE @.tasks, @.states, @.bodies, @.counts, @.processes, @.paused, @.outputs, "
        "@.output_parts, @.places");
    free().push_back(name_);
  }
  test_schema(const test_schema&) = delete;
  test_schema& operator=(const test_schema&) = delete;

  const std::string& name() const { return name_; }
  const testkit::manual_clock& clock() const { return clock_; }
  postgres::database_options options() const {
    postgres::database_options result;
    result.where = cluster::shared().url();
    result.schema = name_;
    result.clock = &clock_;
    return result;
  }
  std::unique_ptr<postgres::postgres_store> open() const {
    return std::make_unique<postgres::postgres_store>(options());
  }
  /// As every process sees it.
  void advance(milliseconds by) {
    clock_.advance(by);
    ms_ += by.count();
    run("UPDATE @.test_clock SET ms = " + std::to_string(ms_));
  }
  timestamp now() const { return timestamp(milliseconds(ms_)); }
  /// The first field of what it gives.
  std::string run(const std::string& sql) { return link_.run(postgres::in_schema(sql, name_)); }

 private:
  static std::vector<std::string>& free() {
    static std::vector<std::string> names;
    return names;
  }
  void take() {
    name_ = free().back();
    free().pop_back();
  }
  void make() {
    name_ = cluster::new_schema();
    postgres::postgres_store(options()).close();
    run("CREATE TABLE @.test_clock (ms bigint)");
    run("INSERT INTO @.test_clock VALUES (0)");
    run("CREATE OR REPLACE FUNCTION @.store_time() RETURNS bigint LANGUAGE sql VOLATILE "
        "AS 'SELECT ms FROM @.test_clock'");
  }

  direct_link link_;
  testkit::manual_clock clock_;
  milliseconds::rep ms_ = 1'750'000'000'000;
  std::string name_;
};

}  // namespace longhaul::test
