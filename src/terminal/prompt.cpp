// SPDX-License-Identifier: Apache-2.0
#include "terminal/prompt.hpp"

#include "json/view.hpp"
#include "terminal/form_prompt.hpp"
#include "terminal/page_prompt.hpp"
#include "terminal/sampling_prompt.hpp"

namespace longhaul::terminal {

question_reply ask_question(console& at, const raw_json& request, const raw_json& given) {
  const json::value whole(request), params = whole["params"];
  const raw_json asked = params ? raw_json::trusted(params.raw()) : raw_json();
  if (whole["method"].equals("elicitation/create")) {
    if (params["mode"].equals("url")) return ask_page(at, asked);
    return ask_form(at, asked, given);
  }
  if (whole["method"].equals("sampling/createMessage")) return ask_sampling(at, asked);
  constexpr int method_not_found = -32601;
  return question_reply::refusal{method_not_found, "nobody can be asked this"};
}

}  // namespace longhaul::terminal
