// SPDX-License-Identifier: Apache-2.0
#include "command/prompt_text.hpp"

#include <utility>

#include "command/placeholders.hpp"
#include "command/tunables.hpp"
#include "longhaul/schema.hpp"

namespace longhaul::command {

prompt_text::prompt_text(std::string_view text, const std::vector<parameter>& parameters) {
  const auto fail = [this](std::string message) {
    faults_.push_back({.message = std::move(message)});
  };
  std::vector<bool> used(parameters.size(), false);
  for (template_part& part : split_template(text, fail)) {
    piece next{.literal = std::move(part.literal)};
    if (part.inside) {
      constexpr std::string_view example = "the text there, as in {polite?Be polite.}";
      if (auto found = read_placeholder(*part.inside, parameters, example, fail)) {
        used[found->parameter] = true;
        next.parameter = found->parameter;
        next.then = std::move(found->then);
      }
    }
    pieces_.push_back(std::move(next));
  }
  if (!faults_.empty()) return;  // a slip leaves its parameter unused: one message is enough
  for (std::size_t i = 0; i < used.size(); ++i) {
    const std::string& name = parameters[i].name;
    if (used[i]) continue;
    faults_.push_back({name, "is used nowhere in the text: write {" + name +
                                 "} there or leave the parameter out"});
  }
}

std::string prompt_text::fill(const parameter_values& values) const {
  std::string result;
  const auto add = [&result](std::string_view text) {
    if (text.size() > tunables::max_prompt - result.size()) {
      throw invalid_arguments("arguments: they make a prompt of more than " +
                              std::to_string(tunables::max_prompt >> 20) + " MiB");
    }
    result += text;
  };
  for (const piece& each : pieces_) {
    add(each.literal);
    if (!each.parameter) continue;
    const auto* value = std::get_if<std::string>(&values[*each.parameter]);
    if (value == nullptr) continue;
    if (!each.then) add(*value);
    if (each.then && *value == "true") add(*each.then);
  }
  return result;
}

}  // namespace longhaul::command
