// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"

#include <pthread.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>

#include "base/base32.hpp"

namespace longhaul {
namespace {

// +1 in the child of every fork: pools of an older generation are thrown away.
std::atomic<std::uint64_t> fork_generation{1};

void watch_forks() {
  static const int registered = pthread_atfork(
      nullptr, nullptr, [] { fork_generation.fetch_add(1, std::memory_order_relaxed); });
  if (registered != 0) throw std::system_error(registered, std::generic_category(), "atfork");
}

void from_kernel(std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      throw std::system_error(errno, std::generic_category(), "getrandom");
    }
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

struct random_pool {
  // 256: the most that getrandom gives without being interrupted.
  std::array<std::byte, 256> bytes;
  std::size_t used = sizeof(bytes);
  std::uint64_t generation = 0;

  void take(std::span<std::byte> out) {
    const auto current = fork_generation.load(std::memory_order_relaxed);
    if (generation != current || bytes.size() - used < out.size()) {
      watch_forks();
      used = bytes.size();
      from_kernel(bytes);
      used = 0;
      generation = current;
    }
    std::memcpy(out.data(), bytes.data() + used, out.size());
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(used), out.size(), std::byte{0});
    used += out.size();
  }
};

}  // namespace

void fill_random(std::span<std::byte> out) {
  thread_local random_pool pool;
  if (out.empty()) return;
  if (out.size() > pool.bytes.size()) return from_kernel(out);
  pool.take(out);
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  fill_random(std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

std::string random_token() {
  std::array<std::byte, 16> bits;
  fill_random(bits);
  std::string text(26, '0');
  encode_base32(bits, text);
  return text;
}

std::string random_uuid() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<std::byte, 16> bits;
  fill_random(bits);
  bits[6] = (bits[6] & std::byte{0x0F}) | std::byte{0x40};
  bits[8] = (bits[8] & std::byte{0x3F}) | std::byte{0x80};
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits[std::to_integer<std::size_t>(bits[i] >> 4U)];
    text += digits[std::to_integer<std::size_t>(bits[i] & std::byte{0x0F})];
  }
  return text;
}

process_id new_process_id() {
  process_id id;
  fill_random(std::as_writable_bytes(std::span(id.bytes)));
  return id;
}

}  // namespace longhaul
