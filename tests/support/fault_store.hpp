// SPDX-License-Identifier: Apache-2.0
// The store with faults is the one that users get.
#pragma once

#include "longhaul/testing/fault_store.hpp"

namespace longhaul::test {

using testkit::crashed;
using testkit::fault_rates;
using testkit::fault_store;

}  // namespace longhaul::test
