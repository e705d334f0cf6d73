// SPDX-License-Identifier: Apache-2.0
#include "auth/api_keys.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace longhaul::auth {
namespace {

// More is no key of anybody, and not worth hashing.
constexpr std::size_t longest_key = 4096;

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

void api_keys::add(const std::string& name, const key_digest& digest) {
  caller holder;
  holder.owner = holder.quota = "key:" + name;
  holder.identified = true;
  keys_.push_back({std::make_shared<const caller>(std::move(holder)), digest});
}

std::shared_ptr<const caller> api_keys::holder_of(
    std::optional<std::string_view> authorization) const {
  const auto token = authorization ? bearer_token(*authorization) : std::nullopt;
  if (!token) return nullptr;
  const key_digest presented = sha256(*token);
  const entry* found = nullptr;
  for (const entry& key : keys_) {  // to the end, whichever it is
    if (CRYPTO_memcmp(key.digest.data(), presented.data(), presented.size()) == 0) found = &key;
  }
  return found != nullptr ? found->holder : nullptr;
}

std::string challenge(bool presented) {
  return presented ? R"(Bearer realm="longhaul", error="invalid_token")"
                   : R"(Bearer realm="longhaul")";
}

}  // namespace longhaul::auth
