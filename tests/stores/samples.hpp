// SPDX-License-Identifier: Apache-2.0
// What tests of one kind of store say often, in the words of the contract suite.
#pragma once

#include "base/random.hpp"
#include "longhaul/stores/store.hpp"
#include "longhaul/stores/task_id.hpp"
#include "longhaul/testing/store_contract/fixture.hpp"
#include "support/run.hpp"
#include "support/seed.hpp"

namespace longhaul::test {

using namespace std::chrono_literals;
using stores::change_code;
using stores::create_code;
using testkit::contract::ask_for;
using testkit::contract::describe;
using testkit::contract::epoch;
using testkit::contract::final_part;
using testkit::contract::reply;
using testkit::contract::text_result;

}  // namespace longhaul::test
