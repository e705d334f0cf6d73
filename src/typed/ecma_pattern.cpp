// SPDX-License-Identifier: Apache-2.0
#include "typed/ecma_pattern.hpp"

#include <re2/re2.h>

#include <utility>

#include "json/write.hpp"
#include "typed/pattern_refusals.hpp"
#include "typed/pattern_translator.hpp"

namespace longhaul::detail {
namespace {

bool is_utf8(std::string_view text) {
  std::string copy;
  json::append_utf8(copy, text);
  return copy == text;
}

std::shared_ptr<const re2::RE2> compile(const std::string& translated) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  return std::make_shared<const re2::RE2>(translated, options);
}

}  // namespace

checked_pattern check_pattern(std::string_view pattern) {
  if (!is_utf8(pattern)) return {nullptr, "is no UTF-8 text"};
  try {
    auto compiled = compile(pattern_for_re2(pattern));
    if (compiled->ok()) return {std::move(compiled), {}};
    return {nullptr, "is more than RE2 takes (" + compiled->error() + "): make it simpler"};
  } catch (const pattern_fault& fault) {
    return {nullptr, fault.text};
  }
}

}  // namespace longhaul::detail
