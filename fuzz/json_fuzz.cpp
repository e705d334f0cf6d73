// SPDX-License-Identifier: Apache-2.0
// Any bytes into the door of JSON text. What `validate` accepts must then be readable by everything
// that reads bytes without a syntax check: the views must stay inside the text, sub-values must be
// JSON values themselves, and minifying must neither change the value nor leave a line break.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "json/validate.hpp"
#include "json/view.hpp"
#include "longhaul/raw_json.hpp"

namespace {

namespace json = longhaul::json;

void require(bool holds) {
  if (!holds) std::abort();
}

bool inside(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

/// Reads `value` in every way there is and walks into it; the number of values seen.
std::size_t walk(json::value value, std::string_view text) {
  require(value.type() != json::kind::absent);
  require(inside(value.raw(), text));
  (void)value.integer();
  (void)value.number();
  require(value.boolean().has_value() == value.is(json::kind::boolean));
  const auto content = value.string();
  require(content.has_value() == value.is(json::kind::string));
  if (content) require(value.equals(*content));

  std::size_t seen = 1;
  for (json::members m(value); m.next();) {
    require(static_cast<bool>(value[m.key()]));
    seen += walk(m.value(), text);
  }
  for (json::elements e(value); e.next();) seen += walk(e.value(), text);
  return seen;
}

bool accepted(std::string_view text) {
  try {
    json::validate(text);
    return true;
  } catch (const longhaul::invalid_json&) {
    return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::string grown = text;
  bool in_place = true;
  try {
    json::validate_in_place(grown);
  } catch (const longhaul::invalid_json&) {
    in_place = false;
  }
  // What is taken in place only had half a surrogate pair, and has none any more.
  require(!accepted(text) || (in_place && grown == text));
  if (!in_place) return 0;
  require(accepted(grown) && grown.size() == text.size());

  const std::size_t values = walk(json::value(grown), grown);
  const longhaul::raw_json kept = longhaul::raw_json::parse(text);
  require(kept.view().find_first_of("\r\n") == std::string_view::npos);
  require(accepted(kept.view()));
  require(walk(json::value(kept), kept.view()) == values);
  return 0;
}
