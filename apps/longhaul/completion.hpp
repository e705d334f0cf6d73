// SPDX-License-Identifier: Apache-2.0
// What shells suggest: servers, tools, parameters, their values, ids of tasks.
#pragma once

#include <string>
#include <vector>

namespace longhaul {

/// `longhaul completion SHELL`: prints its script.
int run_completion(const std::string& shell);
/// `longhaul __complete -- WORDS…`: a line for each suggestion. Says nothing about trouble: a shell
/// has no place for it.
int run_complete(const std::vector<std::string>& words);

/// Whether `word` can only be a server, or is the name of one, as far as that is known without
/// asking it.
bool is_server_word(const std::string& word);

}  // namespace longhaul
