// SPDX-License-Identifier: Apache-2.0
// The PostgreSQL store in the contract suite that users get, on a real server: plainly, and behind
// faults with everything repeated.
#include "longhaul/testing/store_contract.hpp"

#include <cstdlib>
#include <memory>

#include "postgres/test_schema.hpp"

namespace longhaul::test {
namespace {

using testkit::store_maker;

// The store takes its time from the database, so that is where the test's time is.
class postgres_fixture : public testkit::store_fixture {
 public:
  postgres_fixture() : store_(schema_.open()) {}
  milliseconds hidden_result_kept() const override {
    return postgres::tunables::hidden_result_kept;
  }

  stores::store& tested() override { return *store_; }
  bool reopen() override {
    store_.reset();
    store_ = schema_.open();
    return true;
  }
  void advance(milliseconds by) override { schema_.advance(by); }
  timestamp now() const override { return schema_.now(); }

 private:
  test_schema schema_;
  std::unique_ptr<postgres::postgres_store> store_;
};

// Twice as much is for `make check`.
int unless_long(int slower) {
  return std::getenv("LONGHAUL_LONG_TESTS") != nullptr ? slower / 2 : slower;
}
store_maker plain() {
  return {"plain", [] { return std::make_unique<postgres_fixture>(); }, false, unless_long(200)};
}
store_maker with_faults() {
  return {"with_faults",
          [] { return std::make_unique<testkit::faulty_fixture<postgres_fixture>>(); }, true,
          unless_long(200)};
}

LONGHAUL_STORE_CONTRACT(postgres, plain(), with_faults());

}  // namespace
}  // namespace longhaul::test
