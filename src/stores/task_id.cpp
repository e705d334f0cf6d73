// SPDX-License-Identifier: Apache-2.0
#include "stores/task_id.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "stores/random.hpp"

namespace longhaul {
namespace {

constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";  // no i, l, o, u
constexpr std::size_t time_characters = 10;

constexpr auto make_membership() {
  std::array<bool, 256> member{};
  for (const char c : alphabet) member[static_cast<unsigned char>(c)] = true;
  return member;
}
constexpr std::array<bool, 256> in_alphabet = make_membership();

}  // namespace

void encode_base32(std::span<const std::byte> bits, std::span<char> text) noexcept {
  std::uint32_t carry = 0;
  int held = 0;
  std::size_t next = bits.size();
  for (std::size_t at = text.size(); at-- > 0;) {
    if (held < 5 && next > 0) {
      carry |= static_cast<std::uint32_t>(bits[--next]) << held;
      held += 8;
    }
    text[at] = alphabet[carry & 31U];
    carry >>= 5;
    held -= 5;
  }
}

std::string new_task_id(timestamp created_at) {
  constexpr std::int64_t latest = (std::int64_t{1} << 48) - 1;
  const auto ms = std::clamp<std::int64_t>(created_at.time_since_epoch().count(), 0, latest);
  std::array<std::byte, 6> time;
  for (std::size_t i = 0; i < time.size(); ++i) {
    time[i] = static_cast<std::byte>((ms >> (8 * (time.size() - 1 - i))) & 0xff);
  }
  std::array<std::byte, 16> random;
  fill_random(random);
  std::string id(task_id_length, '0');
  encode_base32(time, std::span(id).first(time_characters));
  encode_base32(random, std::span(id).subspan(time_characters));
  return id;
}

bool is_task_id(std::string_view text) noexcept {
  return text.size() == task_id_length && std::all_of(text.begin(), text.end(), [](char c) {
           return in_alphabet[static_cast<unsigned char>(c)];
         });
}

}  // namespace longhaul
