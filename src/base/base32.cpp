// SPDX-License-Identifier: Apache-2.0
#include "base/base32.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace longhaul {
namespace {

constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

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

bool is_base32(std::string_view text) noexcept {
  return std::ranges::all_of(text,
                             [](char c) { return in_alphabet[static_cast<unsigned char>(c)]; });
}

}  // namespace longhaul
