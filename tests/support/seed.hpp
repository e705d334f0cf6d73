// SPDX-License-Identifier: Apache-2.0
// Seeds of random tests, and their sizes: as the kit has them.
#pragma once

#include "longhaul/testing/seed.hpp"

namespace longhaul::test {

using testkit::random_seed;
using testkit::slowdown;

}  // namespace longhaul::test
