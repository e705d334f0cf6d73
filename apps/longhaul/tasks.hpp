// SPDX-License-Identifier: Apache-2.0
// `longhaul tasks …`: what was started from here, wherever it runs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "answering.hpp"
#include "remote.hpp"

namespace longhaul {

struct tasks_command {
  enum class verb { list, watch, get, result, cancel, answer, output, forget };
  verb action = verb::list;
  remote_options remote;           ///< `server`: only tasks there
  std::vector<std::string> ids;    ///< unique beginnings of ids, or `last`
  std::vector<std::string> words;  ///< answer: key=value
  answering_options answering;
  std::string timeout;
  bool follow = false;              ///< output: on and on; watch and result with json: each change
  bool errors = false;              ///< output: of standard error
  std::optional<std::size_t> tail;  ///< output: the last so many bytes
};
int run_tasks(const tasks_command& command);

/// `longhaul tasks output`. Gives the exit code.
int show_output(const tasks_command& command, seat& at);

}  // namespace longhaul
