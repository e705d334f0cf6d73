// SPDX-License-Identifier: Apache-2.0
// Questions of every kind, and what comes back to them: forms and pages for the user
// (`elicitation`), a prompt for the model (`sampling_request`), the client's folders
// (`roots_request`).
//
// Threads: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "longhaul/elicitation.hpp"
#include "longhaul/question_error.hpp"
#include "longhaul/roots.hpp"
#include "longhaul/sampling.hpp"

namespace longhaul {

using question = std::variant<elicitation, sampling_request, roots_request>;
/// By key.
using named_question = std::pair<std::string, question>;
using named_questions = std::vector<named_question>;

/// What a client can be asked. MCP "ClientCapabilities".
enum class client_capability : std::uint8_t {
  elicitation_form,
  elicitation_url,
  sampling,
  sampling_tools,    ///< sampling with tools
  sampling_context,  ///< sampling with `context_inclusion` other than none
  roots
};
/// `elicitation.form`, `elicitation.url`, `sampling`, `sampling.tools`, `sampling.context`,
/// `roots`.
std::string_view to_string(client_capability capability) noexcept;

/// What came back to one question of several.
class question_reply {
 public:
  struct refusal {
    int code = 0;
    std::string message;
  };

  question_reply(answer given) : given_(std::move(given)) {}
  question_reply(sampling_response given) : given_(std::move(given)) {}
  question_reply(std::vector<root> given) : given_(std::move(given)) {}
  question_reply(refusal why) : given_(std::move(why)) {}

  /// The client answered with an error, or with nothing that fits.
  bool refused() const noexcept { return std::holds_alternative<refusal>(given_); }

  /// To an `elicitation`, a `sampling_request`, a `roots_request`. They throw `question_refused` if
  /// it was refused, `std::logic_error` if the question was of another kind.
  const answer& elicited() const { return get<answer>(); }
  const sampling_response& sampled() const { return get<sampling_response>(); }
  const std::vector<root>& roots() const { return get<std::vector<root>>(); }

 private:
  [[noreturn]] void fail() const;
  template <class Given>
  const Given& get() const {
    if (const auto* given = std::get_if<Given>(&given_)) return *given;
    fail();
  }

  std::variant<answer, sampling_response, std::vector<root>, refusal> given_;
};

}  // namespace longhaul
