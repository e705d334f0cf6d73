// SPDX-License-Identifier: Apache-2.0
// Our own stores in the contract suite that users get: plainly, and behind faults with everything
// repeated; and the store of an example, plainly. A further store is a fixture and a line.
#include "longhaul/testing/store_contract.hpp"

#include <cstdlib>
#include <memory>

#include "own_store/table_store.hpp"
#include "sqlite/sqlite_store.hpp"
#include "stores/memory_store.hpp"
#include "support/temporary_folder.hpp"

namespace longhaul::test {
namespace {

using testkit::store_maker;

class memory_fixture : public testkit::store_fixture {
 public:
  stores::store& tested() override { return memory_; }

 private:
  stores::memory_store memory_{{}, clock_};
};

class table_fixture : public testkit::store_fixture {
 public:
  stores::store& tested() override { return table_; }

 private:
  example::table_store table_{clock_};
};

class sqlite_fixture : public testkit::store_fixture {
 public:
  sqlite_fixture() { open(); }
  stores::store& tested() override { return *sqlite_; }
  bool reopen() override {
    sqlite_.reset();
    open();
    return true;
  }

 private:
  void open() {
    sqlite::sqlite_options options;
    options.path = folder_.file("tasks.db");
    options.clock = &clock_;
    // Nothing is kept: what has ended is read from the file.
    options.cache_bytes = 0;
    sqlite_ = std::make_unique<sqlite::sqlite_store>(options);
  }

  temporary_folder folder_;
  std::unique_ptr<sqlite::sqlite_store> sqlite_;
};

template <class Fixture>
store_maker plain(int slower) {
  return {"plain", [] { return std::make_unique<Fixture>(); }, false, slower};
}
template <class Fixture>
store_maker with_faults(int slower) {
  return {"with_faults", [] { return std::make_unique<testkit::faulty_fixture<Fixture>>(); }, true,
          slower};
}

// The full numbers (a million tasks) are for `make check`.
int unless_long(int slower, int in_full) {
  return std::getenv("LONGHAUL_LONG_TESTS") != nullptr ? in_full : slower;
}

LONGHAUL_STORE_CONTRACT(memory, plain<memory_fixture>(unless_long(10, 1)),
                        with_faults<memory_fixture>(unless_long(40, 10)));
LONGHAUL_STORE_CONTRACT(sqlite, plain<sqlite_fixture>(unless_long(40, 10)),
                        with_faults<sqlite_fixture>(unless_long(80, 20)));
LONGHAUL_STORE_CONTRACT(table, plain<table_fixture>(100));

}  // namespace
}  // namespace longhaul::test
