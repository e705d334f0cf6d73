// SPDX-License-Identifier: Apache-2.0
// What a server that was killed has left running: helpers that a program has stopped or holds, and
// what belonged to helpers that are dead. Those that are just ending their programs have their
// grace.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace longhaul::command {

/// Ends, with all that belongs to it, every helper that keeps output in a folder of `root`, and
/// every process that carries the id of a task in its environment for which `ours` is true and that
/// no helper looks after. The latter are gone when this returns, unless it takes more than two
/// seconds; helpers go beside us: at once if they are stopped or traced, else within their grace.
/// Requires: no other server uses `root`. Never throws: what cannot be looked at is left.
void end_former_programs(const std::filesystem::path& root,
                         const std::function<bool(const std::string& task)>& ours) noexcept;

}  // namespace longhaul::command
