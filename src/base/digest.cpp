// SPDX-License-Identifier: Apache-2.0
#include "base/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>
#include <stdexcept>

namespace longhaul {
namespace {

// Looking the algorithm up at each call would cost more than hashing a small message.
const EVP_MD* algorithm() {
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> fetched(
      EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free);
  return fetched.get();
}

}  // namespace

digest sha256(std::string_view bytes) {
  // So does room to work in.
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> room(EVP_MD_CTX_new(),
                                                                                  &EVP_MD_CTX_free);
  digest result{};
  const EVP_MD* sha = algorithm();
  if (sha == nullptr || room == nullptr || EVP_DigestInit_ex2(room.get(), sha, nullptr) != 1 ||
      EVP_DigestUpdate(room.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(room.get(), result.data(), nullptr) != 1) {
    throw std::runtime_error("SHA-256 is not available");
  }
  return result;
}

std::string in_hex(const digest& whole, std::size_t bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (std::size_t i = 0; i < bytes; ++i) {
    result += digits[whole[i] >> 4U];
    result += digits[whole[i] & 15U];
  }
  return result;
}

bool same_secret(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace longhaul
