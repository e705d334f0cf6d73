// SPDX-License-Identifier: Apache-2.0
#include "command/placeholders.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "command/parameter.hpp"
#include "typed/wording.hpp"

namespace longhaul::command {
namespace {

bool could_be_name(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; });
}

void fail_unknown(std::string_view inside, std::string_view name,
                  const std::vector<parameter>& known, const template_fail& fail) {
  if (name.empty()) {
    fail("{" + std::string(inside) + "} names no parameter" + std::string(brace_hint));
  } else if (!could_be_name(name)) {
    fail("there is no parameter " + detail::in_quotes(name) + std::string(brace_hint));
  } else {
    fail("there is no parameter" + unknown_parameter(known, name));
  }
}

}  // namespace

std::optional<placeholder> read_placeholder(std::string_view inside,
                                            const std::vector<parameter>& known,
                                            std::string_view example, const template_fail& fail) {
  const std::size_t mark = inside.find('?');
  const std::string name(inside.substr(0, mark));
  const auto found = std::ranges::find(known, name, &parameter::name);
  if (found == known.end()) {
    fail_unknown(inside, name, known, fail);
    return std::nullopt;
  }
  placeholder result{.parameter = static_cast<std::size_t>(found - known.begin())};
  if (mark == std::string_view::npos) return result;
  const std::string_view then = inside.substr(mark + 1);
  if (found->type != value_type::boolean || found->repeated) {
    fail("{" + std::string(inside) + "}: only a boolean can be a condition, and " +
         detail::in_quotes(name) + " is " + (found->repeated ? "a list" : "none") + "; write {" +
         name + "} for its value");
  } else if (then.empty()) {
    fail("{" + std::string(inside) + "}: nothing stands behind '?'; write " + std::string(example));
  }
  result.then = std::string(then);
  return result;
}

}  // namespace longhaul::command
