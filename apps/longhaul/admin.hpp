// SPDX-License-Identifier: Apache-2.0
// `longhaul admin`: what runs at a server, what waits and why, what failed; and acting on it. A
// client of the operators' API (docs/operator.md), and of nothing else.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace longhaul {

/// Which tasks, as the API has it; what is empty does not narrow.
struct admin_filter {
  std::string status, tool, owner, since, until, text, id_prefix;
  bool narrows() const {
    return !(status.empty() && tool.empty() && owner.empty() && since.empty() && until.empty() &&
             text.empty() && id_prefix.empty());
  }
};

struct admin_command {
  enum class verb {
    status,
    tasks,
    show,
    explain,
    tail,
    cancel,
    retry,
    remove,
    retain,
    answer,
    pause,
    resume,
    tools,
    owners,
    processes,
    audit,
    top
  };

  verb action = verb::status;
  std::string url;      ///< empty: $LONGHAUL_OPERATOR_URL, else the server of this machine
  std::string key_env;  ///< the variable with the key; empty: $LONGHAUL_OPERATOR_KEY
  std::string ca_file;
  bool json = false;

  std::vector<std::string> ids;  ///< or any beginning that only one has
  std::string tool;              ///< to pause, to resume
  admin_filter filter;
  bool by_filter = false;  ///< acts on all that the filter matches
  bool yes = false;        ///< … without asking
  std::size_t limit = 50;
  bool follow = false, errors = false;
  std::optional<std::size_t> bytes;
  std::string duration;  ///< or "forever"
  std::vector<std::string> answers;
  std::string reason;  ///< of `cancel`; empty: who did it
  bool decline = false;
};

/// The exit code (`exit_codes.hpp`).
int run_admin(const admin_command& command);
/// Prints what is wrong with its command line as `--json` does other errors. The exit code.
int refuse_admin_in_json(const std::string& wrong);

}  // namespace longhaul
