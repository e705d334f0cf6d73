// SPDX-License-Identifier: Apache-2.0
#include "operator/api_target.hpp"

#include <algorithm>
#include <charconv>

#include "operator/api_error.hpp"

namespace longhaul::operating {
namespace {

std::string decoded(std::string_view text, bool plus_is_space) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+' && plus_is_space) {
      result += ' ';
    } else if (text[at] != '%') {
      result += text[at];
    } else {
      unsigned byte = 0;
      const char* const digits = text.data() + at + 1;
      const bool whole = text.size() - at > 2;
      if (!whole || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) {
        throw api_error(400, "the address has a % that is not followed by two hex digits",
                        "write %25 for a percent sign");
      }
      result += static_cast<char>(byte);
      at += 2;
    }
  }
  return result;
}

template <class Take>
void each_part(std::string_view text, char between, Take take) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(between), text.size());
    if (end > 0) take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

[[noreturn]] void refuse(std::string_view name, const std::string& wanted) {
  throw api_error(400, std::string(name) + " must be " + wanted);
}

}  // namespace

const std::string* api_target::parameter(std::string_view name) const noexcept {
  for (const auto& [known, value] : parameters) {
    if (known == name) return &value;
  }
  return nullptr;
}

std::uint64_t api_target::number(std::string_view name, std::uint64_t least, std::uint64_t most,
                                 std::uint64_t otherwise) const {
  const std::string* const given = parameter(name);
  if (given == nullptr) return otherwise;
  std::uint64_t value = 0;
  const char* const end = given->data() + given->size();
  const auto [stop, error] = std::from_chars(given->data(), end, value);
  if (error != std::errc() || stop != end || value < least || value > most) {
    refuse(name, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return value;
}

bool api_target::flag(std::string_view name) const {
  const std::string* const given = parameter(name);
  if (given == nullptr || *given == "false" || *given == "0") return false;
  if (*given != "true" && *given != "1") refuse(name, "true or false");
  return true;
}

void api_target::allow_only(std::initializer_list<std::string_view> names) const {
  for (const auto& [name, value] : parameters) {
    if (std::ranges::find(names, name) != names.end()) continue;
    std::string known;
    for (const std::string_view one : names) known.append(known.empty() ? "" : ", ").append(one);
    throw api_error(400, "there is no parameter \"" + name + "\" here",
                    known.empty() ? "it takes none" : "it takes " + known);
  }
}

api_target read_target(std::string_view target) {
  if (const std::size_t scheme = target.find("://");
      scheme != std::string_view::npos && !target.starts_with('/')) {
    const std::size_t path = target.find('/', scheme + 3);
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }
  api_target result;
  const std::size_t question = std::min(target.find('?'), target.size());
  each_part(target.substr(0, question), '/',
            [&](std::string_view part) { result.parts.push_back(decoded(part, false)); });
  if (question == target.size()) return result;
  each_part(target.substr(question + 1), '&', [&](std::string_view pair) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    std::string name = decoded(pair.substr(0, equals), true);
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    if (result.parameter(name) != nullptr) {
      throw api_error(400, "the parameter \"" + name + "\" is given twice");
    }
    result.parameters.emplace_back(std::move(name), decoded(value, true));
  });
  return result;
}

}  // namespace longhaul::operating
