// SPDX-License-Identifier: Apache-2.0
#include "base/duration.hpp"

#include <array>
#include <charconv>
#include <cstdint>

#include "base/tunables.hpp"

namespace longhaul {
namespace {

struct unit {
  std::string_view name;
  std::uint64_t size;
};

constexpr std::array<unit, 5> durations = {
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::uint64_t longest_ms = base::tunables::max_duration.count();

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

std::string in_words(std::chrono::milliseconds length) {
  using namespace std::chrono;
  const auto ms = length.count();
  if (ms > 0 && ms % 3'600'000 == 0) return std::to_string(ms / 3'600'000) + " h";
  if (ms > 0 && ms % 60'000 == 0) return std::to_string(ms / 60'000) + " min";
  if (ms > 0 && ms % 1000 == 0) return std::to_string(ms / 1000) + " s";
  return std::to_string(ms) + " ms";
}

}  // namespace longhaul
