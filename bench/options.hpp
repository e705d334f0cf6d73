// SPDX-License-Identifier: Apache-2.0
// What the command line says.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace longhaul::bench {

struct options {
  std::size_t connections = 64;
  std::chrono::milliseconds time{3000};    ///< measured time of a case in a round
  std::chrono::milliseconds warm_up{500};  ///< before it, not counted
  std::size_t rounds = 1;                  ///< every case once a round; medians are shown
  std::size_t population = 10'000;  ///< tasks that `tasks/get` is spread over, or that are followed
  std::size_t server_threads = 1;
  std::optional<std::size_t> server_cpu;  ///< nothing: not pinned
  std::optional<std::size_t> client_cpu;
  std::string filter;       ///< regular expression on case names; empty: all
  bool durable = false;     ///< the SQLite store by itself, instead of the cases
  std::size_t streams = 0;  ///< so many open and quiet streams, instead of the cases; 0: the cases
  bool client = false;      ///< the client library, instead of the cases
  std::string postgres = {};  ///< its URL: the PostgreSQL store by itself, instead of the cases
  std::string folder = ".";   ///< where files of durable stores are made
  bool json = false;
  bool list = false;
  bool compare_instructions = false;
  bool check_targets = false;
};

/// Parses the command line. Null: the program is to end with `exit_code` (help, or wrong use).
std::optional<options> parse_options(int argc, char** argv, int& exit_code);

}  // namespace longhaul::bench
