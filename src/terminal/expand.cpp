// SPDX-License-Identifier: Apache-2.0
#include "terminal/expand.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <stdexcept>

#include "base/text.hpp"
#include "typed/wording.hpp"

namespace longhaul::terminal {
namespace {

constexpr std::string_view of_environment = "env:";

[[noreturn]] void refuse_variable(const std::string& why) { throw std::runtime_error(why); }

bool is_variable_name(std::string_view name) {
  return !name.empty() && !is_digit(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

std::string value_of(std::string_view name, const variables& environment) {
  if (!is_variable_name(name)) {
    refuse_variable("${" + std::string(name) + "} is not known: " + detail::in_quotes(name) +
                    " is no name of a variable");
  }
  if (auto value = environment(std::string(name))) return *std::move(value);
  refuse_variable("the variable " + std::string(name) + " is not set: set it, or write ${" +
                  std::string(name) + ":-otherwise}");
}

// What stands between the braces.
std::string replaced(std::string_view inside, const variables& environment,
                     const std::string& workspace) {
  if (!workspace.empty()) {
    if (inside == "workspaceFolder") return workspace;
    if (inside == "workspaceFolderBasename") {
      return std::filesystem::path(workspace).filename().string();
    }
    if (inside == "userHome") return value_of("HOME", environment);
    if (inside == "pathSeparator" || inside == "/") return "/";
  }
  if (const std::size_t dash = inside.find(":-"); dash != std::string_view::npos) {
    // Empty counts as not set, as in a shell.
    std::string_view name = inside.substr(0, dash);
    if (name.starts_with(of_environment)) name.remove_prefix(of_environment.size());
    const auto value = filled(environment, std::string(name));
    return value ? *value : std::string(inside.substr(dash + 2));
  }
  if (inside.starts_with(of_environment)) {
    return value_of(inside.substr(of_environment.size()), environment);
  }
  for (const std::string_view asked : {"input:", "command:", "config:"}) {
    if (!inside.starts_with(asked)) continue;
    refuse_variable(
        "${" + std::string(inside) +
        "} can only be asked for by an editor: write ${env:NAME} and set that variable");
  }
  return value_of(inside, environment);
}

}  // namespace

std::string expanded(std::string_view text, const variables& environment,
                     const std::string& workspace) {
  std::string result;
  while (true) {
    const std::size_t begin = text.find("${");
    result += text.substr(0, begin);
    if (begin == std::string_view::npos) return result;
    text.remove_prefix(begin + 2);
    const std::size_t end = text.find('}');
    if (end == std::string_view::npos) {
      refuse_variable("a variable has no end: behind ${ must be a }");
    }
    result += replaced(text.substr(0, end), environment, workspace);
    text.remove_prefix(end + 1);
  }
}

}  // namespace longhaul::terminal
