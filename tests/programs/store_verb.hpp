// SPDX-License-Identifier: Apache-2.0
// `longhaul store VERB …` as an operator runs it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "run/child.hpp"

namespace longhaul::test {

struct said {
  int code = 0;
  std::string out, errors;
};

/// `arguments`: behind `longhaul store`.
inline said store(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {LONGHAUL_SERVE, "store"});
  child run(std::move(arguments));
  said result;
  for (std::string line = run.output_line(); !line.empty(); line = run.output_line()) {
    result.out += line + "\n";
  }
  result.errors = run.all_errors();
  result.code = run.wait();
  return result;
}

}  // namespace longhaul::test
