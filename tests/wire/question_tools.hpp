// SPDX-License-Identifier: Apache-2.0
// Tools of the fixture that ask: one handler each, whatever wire its caller speaks.
#pragma once

#include "server/catalog.hpp"

namespace longhaul::test {

void add_question_tools(serving::catalog& tools);

}  // namespace longhaul::test
