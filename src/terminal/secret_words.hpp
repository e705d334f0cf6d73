// SPDX-License-Identifier: Apache-2.0
// Members of forms that ask for a secret. MCP "Elicitation", Security: forms must not ask for
// passwords, keys, tokens or payment data, since what is typed passes through client and model.
// This goes by words, in English and a few in other languages: it finds the honest and the lazy.
//
// Pure function.
#pragma once

#include <string>

#include "terminal/form_members.hpp"

namespace longhaul::terminal {

/// The words that tell so, as `api key`; empty: it asks for none. Names and titles are taken by
/// single words, descriptions only by those that mean nothing else. Choices and flags are no
/// secrets, and numbers hardly.
std::string secret_asked_for(const form_member& member);

}  // namespace longhaul::terminal
