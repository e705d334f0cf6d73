// SPDX-License-Identifier: Apache-2.0
#include "auth/api_keys.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "base/text.hpp"

namespace longhaul::auth {
namespace {

// More is no key of anybody, and not worth hashing.
constexpr std::size_t longest_key = 4096;

key_digest sha256_of(std::string_view text) {
  key_digest result;
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), result.data(), &length, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("SHA-256 is not available");
  }
  return result;
}

// RFC 9110: the scheme is compared without case, and followed by at least one space.
std::optional<std::string_view> bearer_token(std::string_view header) {
  constexpr std::string_view scheme = "bearer ";
  if (header.size() <= scheme.size()) return std::nullopt;
  if (!same_ignoring_case(header.substr(0, scheme.size()), scheme)) return std::nullopt;
  header.remove_prefix(std::min(header.find_first_not_of(' ', scheme.size() - 1), header.size()));
  if (header.empty() || header.size() > longest_key) return std::nullopt;
  return header;
}

}  // namespace

std::optional<key_digest> parse_sha256(std::string_view text) {
  key_digest result{};
  if (text.size() != 2 * result.size()) return std::nullopt;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const char* begin = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(begin, begin + 2, result[i], 16);
    if (error != std::errc() || end != begin + 2) return std::nullopt;
  }
  return result;
}

void api_keys::add(std::string name, const key_digest& sha256) {
  keys_.push_back({std::move(name), sha256});
}

std::optional<std::string> api_keys::name_of(std::optional<std::string_view> authorization) const {
  const auto token = authorization ? bearer_token(*authorization) : std::nullopt;
  if (!token) return std::nullopt;
  const key_digest presented = sha256_of(*token);
  const entry* found = nullptr;
  for (const entry& key : keys_) {
    if (CRYPTO_memcmp(key.sha256.data(), presented.data(), presented.size()) == 0) found = &key;
  }
  return found ? std::optional(found->name) : std::nullopt;
}

std::string challenge(bool presented) {
  return presented ? R"(Bearer realm="longhaul", error="invalid_token")"
                   : R"(Bearer realm="longhaul")";
}

}  // namespace longhaul::auth
