// SPDX-License-Identifier: Apache-2.0
#include "config/units.hpp"

#include <array>
#include <charconv>
#include <limits>

#include "typed/rules.hpp"

namespace longhaul::config {
namespace {

struct unit {
  std::string_view name;
  std::uint64_t size;
};

constexpr std::array<unit, 5> durations = {
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<unit, 8> sizes = {{{"", 1},
                                        {"B", 1},
                                        {"kB", 1000},
                                        {"MB", 1'000'000},
                                        {"GB", 1'000'000'000},
                                        {"KiB", 1024},
                                        {"MiB", std::uint64_t{1024} * 1024},
                                        {"GiB", std::uint64_t{1024} * 1024 * 1024}}};
constexpr std::uint64_t longest_ms = std::uint64_t{36'500} * 86'400'000;

// Takes digits from the front of `text`.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::string_view take_letters(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && ((text[count] | 0x20) >= 'a' && (text[count] | 0x20) <= 'z')) {
    ++count;
  }
  const std::string_view letters = text.substr(0, count);
  text.remove_prefix(count);
  return letters;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  std::size_t next = 0;  // units come from the largest down, each once
  while (!text.empty()) {
    const auto number = take_number(text);
    const std::string_view name = take_letters(text);
    if (!number) return std::nullopt;
    while (next < durations.size() && durations[next].name != name) ++next;
    if (next == durations.size()) return std::nullopt;
    const std::uint64_t size = durations[next++].size;
    if (*number > longest_ms / size) return std::nullopt;
    total += *number * size;
    if (total > longest_ms) return std::nullopt;
  }
  return std::chrono::milliseconds(total);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  for (const unit& u : sizes) {
    if (text != u.name) continue;
    if (*number > std::numeric_limits<std::uint64_t>::max() / u.size) return std::nullopt;
    return *number * u.size;
  }
  return std::nullopt;
}

std::string unknown_word(std::string_view word, const std::vector<std::string_view>& known) {
  detail::type_node node;
  node.kind = detail::type_node::shape::object;
  for (const std::string_view name : known) {
    detail::member_node member;
    member.name = name;
    node.members.push_back(std::move(member));
  }
  return detail::unknown_name(node, word);
}

}  // namespace longhaul::config
