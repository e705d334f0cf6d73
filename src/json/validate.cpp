// SPDX-License-Identifier: Apache-2.0
#include "json/validate.hpp"

#include <simdjson.h>

#include <cstring>
#include <memory>
#include <new>

#include "json/mend.hpp"
#include "json/tunables.hpp"

namespace longhaul::json {
namespace {

simdjson::dom::parser& thread_parser() {
  thread_local simdjson::dom::parser parser;
  return parser;
}

[[noreturn]] void fail(simdjson::error_code code) {
  switch (code) {
    case simdjson::EMPTY:
      throw invalid_json("not JSON: the text is empty");
    case simdjson::UTF8_ERROR:
      throw invalid_json("not JSON: invalid UTF-8");
    case simdjson::CAPACITY:
    case simdjson::MEMALLOC:
      throw std::bad_alloc();
    default:
      throw invalid_json(std::string("not JSON: ") + simdjson::error_message(code));
  }
}

// False: `mend` has the last word. The parser reports this before it has seen the whole text.
bool parse(const char* data, std::size_t size, bool copy) {
  auto& parser = thread_parser();
  if (parser.max_depth() != tunables::max_depth) {
    if (const auto error = parser.allocate(tunables::first_parser, tunables::max_depth))
      fail(error);
  }
  const auto error = parser.parse(data, size, copy).error();
  if (parser.capacity() > tunables::kept_parser) parser = simdjson::dom::parser();
  switch (error) {
    case simdjson::SUCCESS:
      return true;
    case simdjson::NUMBER_ERROR:  // beyond 64 bits, or malformed
    case simdjson::STRING_ERROR:  // half a surrogate pair, or malformed
    case simdjson::DEPTH_ERROR:   // it counts what is in the innermost brackets as a level too
      return false;
    default:
      fail(error);
  }
}

void refuse(std::string_view fault) {
  if (!fault.empty()) throw invalid_json(std::string(fault));
}

bool has_line_break(std::string_view text) {
  return std::memchr(text.data(), '\n', text.size()) != nullptr ||
         std::memchr(text.data(), '\r', text.size()) != nullptr;
}

}  // namespace

void validate(std::string_view text) {
  if (!parse(text.data(), text.size(), true)) refuse(check(text));
}

bool is_valid(std::string_view text) {
  try {
    validate(text);
    return true;
  } catch (const invalid_json&) {
    return false;
  }
}

void validate_in_place(std::string& text, std::string_view spared) {
  text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  if (!parse(text.data(), text.size(), false)) refuse(mend(text, spared));
}

std::string without_line_breaks(std::string_view text) {
  if (!has_line_break(text)) return std::string(text);
  std::string result(text.size() + simdjson::SIMDJSON_PADDING, '\0');
  std::size_t size = 0;
  if (const auto error = simdjson::minify(text.data(), text.size(), result.data(), size)) {
    fail(error);
  }
  result.resize(size);
  return result;
}

void append_without_line_breaks(std::string& out, std::string_view text) {
  if (has_line_break(text)) {
    out += without_line_breaks(text);
  } else {
    out += text;
  }
}

}  // namespace longhaul::json
