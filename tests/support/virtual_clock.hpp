// SPDX-License-Identifier: Apache-2.0
// The clock of our own tests is the one that users get.
#pragma once

#include "longhaul/testing/clock.hpp"

namespace longhaul::test {

using virtual_clock = testkit::manual_clock;

}  // namespace longhaul::test
