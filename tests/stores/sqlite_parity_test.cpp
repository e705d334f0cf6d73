// SPDX-License-Identifier: Apache-2.0
// The SQLite store in the parity suite: plainly, and behind faults with everything repeated.
#include "parity.hpp"
#include "sqlite/sqlite_store.hpp"
#include "support/fault_store.hpp"
#include "support/retry_store.hpp"
#include "support/temporary_folder.hpp"
#include "support/virtual_clock.hpp"

namespace longhaul::test {
namespace {

class sqlite_fixture : public store_fixture {
 public:
  stores::store& tested() override { return sqlite_; }
  void advance(milliseconds by) override { clock_.advance(by); }
  void skew_wall(milliseconds by) override { clock_.skew_wall(by); }
  timestamp now() const override { return clock_.now(); }

 private:
  sqlite::sqlite_options options() {
    sqlite::sqlite_options made;
    made.path = folder_.file("tasks.db");
    made.clock = &clock_;
    // Nothing is kept: what has ended is read from the file.
    made.cache_bytes = 0;
    return made;
  }

  temporary_folder folder_;
  virtual_clock clock_;
  sqlite::sqlite_store sqlite_{options()};
};

class faulty_sqlite_fixture final : public sqlite_fixture {
 public:
  stores::store& tested() override { return careful_; }

 private:
  fault_store faults_{sqlite_fixture::tested(), random_seed(), {0.15, 0.15, 0.1}};
  retry_store careful_{faults_};
};

const store_maker plain_sqlite{"plain", [] { return std::make_unique<sqlite_fixture>(); }, false,
                               10};
const store_maker faulty_sqlite{"with_faults",
                                [] { return std::make_unique<faulty_sqlite_fixture>(); }, true, 20};

INSTANTIATE_TEST_SUITE_P(sqlite, store_parity, testing::Values(plain_sqlite, faulty_sqlite),
                         maker_name);

}  // namespace
}  // namespace longhaul::test
