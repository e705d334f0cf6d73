// SPDX-License-Identifier: Apache-2.0
// The store contract (`longhaul/stores/store.hpp`) as a suite of GoogleTest: what our own stores
// are held to, for the store of somebody else. Include it in one source file of a test program,
// derive a fixture that makes the store, and say
//
//   LONGHAUL_STORE_CONTRACT(my_store, longhaul::testkit::store_maker{
//                                         "plain", [] { return std::make_unique<my_fixture>(); }});
//
// Each promise is a test of its own name, `my_store/store_contract.one_key_is_one_task/plain`. What
// a promise means shows the test, in the files beneath. docs/own-stores.md is the guide.
//
// Needs GoogleTest, 1.12 or newer, and `longhaul::testing`.
#pragma once

#include "longhaul/testing/store_contract/bytes.hpp"
#include "longhaul/testing/store_contract/create.hpp"
#include "longhaul/testing/store_contract/durable.hpp"
#include "longhaul/testing/store_contract/faulty_fixture.hpp"
#include "longhaul/testing/store_contract/fixture.hpp"
#include "longhaul/testing/store_contract/lifecycle.hpp"
#include "longhaul/testing/store_contract/limits.hpp"
#include "longhaul/testing/store_contract/linearizable.hpp"
#include "longhaul/testing/store_contract/lists.hpp"
#include "longhaul/testing/store_contract/processes.hpp"
#include "longhaul/testing/store_contract/promises.hpp"
#include "longhaul/testing/store_contract/questions.hpp"
#include "longhaul/testing/store_contract/queue.hpp"
#include "longhaul/testing/store_contract/searches.hpp"
#include "longhaul/testing/store_contract/time.hpp"
#include "longhaul/testing/store_contract/watching.hpp"

/// Holds one store or several (`store_maker`, one after the other) to the contract, under the name
/// `prefix`. At namespace scope; once for each `prefix`.
#define LONGHAUL_STORE_CONTRACT(prefix, ...)                                       \
  using ::longhaul::testkit::contract::store_contract;                             \
  using ::longhaul::testkit::contract::store_search;                               \
  INSTANTIATE_TEST_SUITE_P(prefix, store_contract, ::testing::Values(__VA_ARGS__), \
                           ::longhaul::testkit::contract::maker_name);             \
  INSTANTIATE_TEST_SUITE_P(prefix, store_search, ::testing::Values(__VA_ARGS__),   \
                           ::longhaul::testkit::contract::maker_name)
