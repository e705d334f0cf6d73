// SPDX-License-Identifier: Apache-2.0
// The memory store in the parity suite: plainly, and behind faults with everything repeated.
#include "parity.hpp"
#include "stores/memory_store.hpp"
#include "support/fault_store.hpp"
#include "support/retry_store.hpp"
#include "support/virtual_clock.hpp"

namespace longhaul::test {
namespace {

class memory_fixture : public store_fixture {
 public:
  stores::store& tested() override { return memory_; }
  void advance(milliseconds by) override { clock_.advance(by); }
  void skew_wall(milliseconds by) override { clock_.skew_wall(by); }
  timestamp now() const override { return clock_.now(); }

 private:
  virtual_clock clock_;
  stores::memory_store memory_{{}, clock_};
};

class faulty_memory_fixture final : public memory_fixture {
 public:
  stores::store& tested() override { return careful_; }

 private:
  fault_store faults_{memory_fixture::tested(), random_seed(), {0.15, 0.15, 0.1}};
  retry_store careful_{faults_};
};

const store_maker plain_memory{"plain", [] { return std::make_unique<memory_fixture>(); }};
const store_maker faulty_memory{"with_faults",
                                [] { return std::make_unique<faulty_memory_fixture>(); }, true, 10};

INSTANTIATE_TEST_SUITE_P(memory, store_parity, testing::Values(plain_memory, faulty_memory),
                         maker_name);

}  // namespace
}  // namespace longhaul::test
