// SPDX-License-Identifier: Apache-2.0
#include "longhaul/question.hpp"

#include <array>
#include <cstddef>
#include <stdexcept>

namespace longhaul {

std::string_view to_string(client_capability capability) noexcept {
  constexpr std::array<std::string_view, 6> names = {"elicitation.form", "elicitation.url",
                                                     "sampling",         "sampling.tools",
                                                     "sampling.context", "roots"};
  return names[static_cast<std::size_t>(capability)];
}

void question_reply::fail() const {
  if (const auto* why = std::get_if<refusal>(&given_)) {
    throw question_refused(why->code, why->message);
  }
  throw std::logic_error("the question was of another kind than the answer that is read");
}

}  // namespace longhaul
