// SPDX-License-Identifier: Apache-2.0
// Prompts, resources and templates that the conversations speak of.
#pragma once

#include "server/catalog.hpp"

namespace longhaul::test {

void add_features(serving::catalog& features);

}  // namespace longhaul::test
