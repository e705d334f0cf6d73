// SPDX-License-Identifier: Apache-2.0
#include "typed/key_template.hpp"

#include <algorithm>

#include "base/brace_template.hpp"
#include "base/digest.hpp"
#include "base/utf8.hpp"
#include "json/canonical.hpp"
#include "json/view.hpp"
#include "typed/tunables.hpp"
#include "typed/wording.hpp"

namespace longhaul::detail {
namespace {

// Of members of one name the last one counts, as for `canonical`.
std::string value_text(json::value arguments, std::string_view name) {
  json::value found;
  for (json::members m(arguments); m.next();) {
    if (m.key() == name) found = m.value();
  }
  return found.is(json::kind::string) ? *found.string() : json::canonical(found);
}

// Control characters of ASCII, and those from U+0080 to U+009F, which are two bytes in UTF-8.
std::string without_controls(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool wide = byte == 0xC2 && i + 1 < text.size() && text[i + 1] < '\xA0';
    const bool control = byte < 0x20 || byte == 0x7F || wide;
    result += control ? '?' : text[i];
    i += wide ? 1 : 0;
  }
  return result;
}

}  // namespace

std::string key_template_fault(std::string_view text,
                               const std::vector<std::string_view>& parameters) {
  std::string first;
  const auto fail = [&](std::string fault) {
    if (first.empty()) first = std::move(fault);
  };
  for (const template_part& part : split_template(text, fail)) {
    if (!part.inside || std::ranges::find(parameters, *part.inside) != parameters.end()) continue;
    const std::string hint(brace_hint);
    fail(part.inside->empty() ? "{} names no parameter" + hint
                              : "there is no parameter" + unknown_name(parameters, *part.inside));
  }
  return first;
}

std::string key_template_fault(std::string_view text, const raw_json& input_schema) {
  std::vector<std::string> names;
  for (json::members m{json::value(input_schema)["properties"]}; m.next();) {
    names.emplace_back(m.key());
  }
  return key_template_fault(text, std::vector<std::string_view>(names.begin(), names.end()));
}

std::string key_of(std::string_view text, const raw_json& arguments) {
  const json::value given(arguments);
  std::string whole;
  for (const template_part& part : split_template(text, [](const std::string&) {})) {
    whole += part.literal;
    if (part.inside) {
      whole.append(*part.inside).append("=").append(value_text(given, *part.inside));
    }
  }
  std::string shown = without_controls(whole);
  if (shown.size() <= tunables::longest_key) return shown;
  return std::string(cut_at_character(shown, tunables::cut_key)) + "…" +
         in_hex(sha256(whole), tunables::digest_of_key);
}

}  // namespace longhaul::detail
