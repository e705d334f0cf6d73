// SPDX-License-Identifier: Apache-2.0
// How the program ended, one line of JSON, said to the server over the lifeline: no disk that is
// full and no program that writes in its task's folder comes between.
#pragma once

#include <optional>
#include <string>

namespace longhaul::runner {

/// Exactly one of `code`, `signal`, `error` and `lost` says how.
struct ending {
  std::optional<int> code = std::nullopt;
  std::optional<int> signal = std::nullopt;
  std::string error = {};   ///< why it was not started, for callers: without paths
  std::string lost = {};    ///< it was; why its end is not known
  std::string detail = {};  ///< for the server's log: `error` or `lost` with all that is known
  bool stopped = false;     ///< it was asked to end before it ended
  bool left = false;        ///< processes are left for the server to end
  std::string output_error = {};  ///< why output was lost; empty: none was
};

/// One line, 6,000 bytes at most, whatever the texts hold: what is no UTF-8 in them is replaced,
/// what is too long is cut.
std::string status_line(const ending& how);

/// Sends the line; to standard output if there is no lifeline (−1). Does not block. A server that
/// is gone does not want to know.
void report(const ending& how, int lifeline) noexcept;

}  // namespace longhaul::runner
