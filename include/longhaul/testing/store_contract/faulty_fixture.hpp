// SPDX-License-Identifier: Apache-2.0
// Any fixture with faults between its store and the suite: operations time out before they are
// done, are done and reported failed, find the store unavailable, and are repeated until they
// answer. It shows that repeating every operation is safe. For the suite `store_maker::repeats` is
// true then.
#pragma once

#include <memory>

#include "longhaul/testing/fault_store.hpp"
#include "longhaul/testing/retry_store.hpp"
#include "longhaul/testing/store_contract/fixture.hpp"

namespace longhaul::testkit {

/// `Fixture` is a `store_fixture` that can be made without arguments.
template <class Fixture>
class faulty_fixture final : public Fixture {
 public:
  faulty_fixture() { wrap(); }
  stores::store& tested() override { return *careful_; }
  bool reopen() override {
    careful_.reset();
    faults_.reset();
    const bool opened = Fixture::reopen();
    wrap();
    return opened;
  }

 private:
  static constexpr fault_rates rates{0.15, 0.15, 0.1};

  void wrap() {
    faults_ = std::make_unique<fault_store>(Fixture::tested(), random_seed(), rates);
    careful_ = std::make_unique<retry_store>(*faults_);
  }

  std::unique_ptr<fault_store> faults_;
  std::unique_ptr<retry_store> careful_;
};

}  // namespace longhaul::testkit
