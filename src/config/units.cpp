// SPDX-License-Identifier: Apache-2.0
#include "config/units.hpp"

#include <array>
#include <charconv>
#include <limits>

#include "base/text.hpp"
#include "config/tunables.hpp"
#include "typed/rules.hpp"

namespace longhaul::config {
namespace {

struct unit {
  std::string_view name;
  std::uint64_t size;
};

constexpr std::array<unit, 8> sizes = {{{"", 1},
                                        {"B", 1},
                                        {"kB", 1000},
                                        {"MB", 1'000'000},
                                        {"GB", 1'000'000'000},
                                        {"KiB", 1024},
                                        {"MiB", std::uint64_t{1024} * 1024},
                                        {"GiB", std::uint64_t{1024} * 1024 * 1024}}};

// Takes digits from the front of `text`.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace

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

std::optional<rate> parse_rate(std::string_view text) {
  const auto count = take_number(text);
  if (!count || *count == 0 || *count > std::uint64_t{tunables::max_count}) return std::nullopt;
  if (!text.starts_with('/')) return std::nullopt;
  text.remove_prefix(1);
  const bool is_unit = !text.empty() && is_letter(text.front());
  const auto per = parse_duration((is_unit ? "1" : "") + std::string(text));
  if (!per || per->count() == 0) return std::nullopt;
  return rate{static_cast<std::uint32_t>(*count), *per};
}

}  // namespace longhaul::config
