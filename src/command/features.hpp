// SPDX-License-Identifier: Apache-2.0
// From descriptions in a server's file to resources, prompts and completers. Programs run as those
// of tools do, and are stopped with the request; what they print is read and then removed.
//
// All functions throw `std::invalid_argument` for descriptions that do not hold together (the
// reader of the file finds that earlier, and says where).
//
// Threads: what they make is immutable and may be used on any.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "command/feature_spec.hpp"
#include "command/program_run.hpp"

namespace longhaul::command {

resource_definition make_configured_resource(resource_spec spec,
                                             const std::shared_ptr<const program_host>& host);
prompt_definition make_configured_prompt(prompt_spec spec,
                                         const std::shared_ptr<const program_host>& host);

/// Those that are described, and for other parameters the values of their `enum`.
completers make_completers(const completion_specs& described,
                           const std::vector<parameter>& parameters,
                           const std::shared_ptr<const program_host>& host);

/// The lines that a completer printed, as suggestions for what is typed: without empty ones,
/// without those that are longer than `tunables::max_suggestion`, each once. `filters`: those alone
/// that begin with `typed`, without regard to case (ASCII).
std::vector<std::string> suggestions_in(std::string_view printed, std::string_view typed,
                                        bool filters);

}  // namespace longhaul::command
