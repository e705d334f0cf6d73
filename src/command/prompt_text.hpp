// SPDX-License-Identifier: Apache-2.0
// The text of a prompt with parameters in it, with the braces that commands have
// (`placeholders.hpp`). A parameter without a value leaves nothing in its place.
//
// Threads: immutable once made.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/parameter_value.hpp"
#include "command/spec.hpp"

namespace longhaul::command {

struct text_fault {
  std::string parameter = {};  ///< the fault is this parameter's (it is used nowhere)
  std::string message = {};    ///< what is wrong and what to write
};

class prompt_text {
 public:
  /// Compiles what is right and notes every fault of the rest. The parameters take single values.
  prompt_text(std::string_view text, const std::vector<parameter>& parameters);

  const std::vector<text_fault>& faults() const noexcept { return faults_; }

  /// Requires: one value for each parameter. Throws `invalid_arguments` if the text becomes longer
  /// than a message may be.
  std::string fill(const parameter_values& values) const;

 private:
  struct piece {
    std::string literal;
    std::optional<std::size_t> parameter = std::nullopt;  // behind the literal
    std::optional<std::string> then = std::nullopt;       // instead of its value, if it is true
  };

  std::vector<piece> pieces_;
  std::vector<text_fault> faults_;
};

}  // namespace longhaul::command
