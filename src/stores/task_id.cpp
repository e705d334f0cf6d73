// SPDX-License-Identifier: Apache-2.0
#include "longhaul/stores/task_id.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "base/base32.hpp"
#include "base/random.hpp"

namespace longhaul {
namespace {

constexpr std::size_t time_characters = 10;

}  // namespace

std::string new_task_id(timestamp created_at, std::string_view mark) {
  constexpr std::int64_t latest = (std::int64_t{1} << 48) - 1;
  const auto ms = std::clamp<std::int64_t>(created_at.time_since_epoch().count(), 0, latest);
  std::array<std::byte, 6> time;
  for (std::size_t i = 0; i < time.size(); ++i) {
    time[i] = static_cast<std::byte>((ms >> (8 * (time.size() - 1 - i))) & 0xff);
  }
  std::array<std::byte, 16> random;
  fill_random(random);
  std::string id;
  id.reserve(mark.size() + task_id_length);
  id.append(mark).append(task_id_length, '0');
  const auto characters = std::span(id).subspan(mark.size());
  encode_base32(time, characters.first(time_characters));
  encode_base32(random, characters.subspan(time_characters));
  return id;
}

bool is_task_id(std::string_view text) noexcept {
  return text.size() == task_id_length && is_base32(text);
}

}  // namespace longhaul
