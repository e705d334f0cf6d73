// SPDX-License-Identifier: Apache-2.0
#include "telemetry/env_values.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "base/text.hpp"

namespace longhaul::telemetry {
namespace {

std::string percent_decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view digits = text.substr(i + 1, 2);
    if (text[i] == '%' && digits.size() == 2 && std::ranges::all_of(digits, is_hex_digit)) {
      unsigned byte = 0;
      std::from_chars(digits.data(), digits.data() + 2, byte, 16);
      result += static_cast<char>(byte);
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

}  // namespace

std::optional<std::string> env_values::text(const std::string& name) const {
  const char* const value = read_(name.c_str());
  if (value == nullptr) return std::nullopt;
  std::string result(trimmed(value));
  if (result.empty()) return std::nullopt;
  return result;
}

std::optional<std::pair<std::string, std::string>> env_values::either(
    const std::string& first, const std::string& second) const {
  for (const std::string& name : {first, second}) {
    if (auto value = text(name)) return std::pair(name, std::move(*value));
  }
  return std::nullopt;
}

std::optional<long long> env_values::number(const std::string& name, long long least,
                                            long long most) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  return whole_number(name, *value, least, most);
}

bool env_values::is_true(const std::string& name) const {
  const auto value = text(name);
  return value && lowered(*value) == "true";
}

void refuse_variable(const std::string& name, std::string_view value, const std::string& advice) {
  throw std::invalid_argument(name + " '" + std::string(value) + "': " + advice);
}

long long whole_number(const std::string& name, std::string_view value, long long least,
                       long long most) {
  long long result = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), result);
  const bool whole = read.ec == std::errc() && read.ptr == value.data() + value.size();
  if (!whole || result < least || result > most) {
    refuse_variable(name, value,
                    "give a whole number from " + std::to_string(least) + " to " +
                        std::to_string(most) + ", or unset it");
  }
  return result;
}

std::optional<name_values> read_pairs(std::string_view list) {
  name_values result;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    const std::string_view entry = trimmed(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    if (entry.empty()) continue;
    const std::size_t equals = entry.find('=');
    const std::string_view name = trimmed(entry.substr(0, equals));
    if (equals == std::string_view::npos || name.empty()) return std::nullopt;
    result.emplace_back(percent_decoded(name), percent_decoded(trimmed(entry.substr(equals + 1))));
  }
  return result;
}

}  // namespace longhaul::telemetry
