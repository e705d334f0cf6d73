// SPDX-License-Identifier: Apache-2.0
#include "wire/secrets.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>
#include <stdexcept>

namespace longhaul::wire {
namespace {

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

template <class Key>
digest hmac_sha256(const Key& key, std::string_view text) {
  digest mac{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text), text.size(),
           mac.data(), &size) == nullptr) {
    throw std::runtime_error("OpenSSL: HMAC failed");
  }
  return mac;
}

struct free_digest_context {
  void operator()(EVP_MD_CTX* c) const noexcept { EVP_MD_CTX_free(c); }
};

}  // namespace

derived_key derive_key(std::string_view secret, std::string_view purpose) {
  return hmac_sha256(secret, purpose);
}

digest hash_of_json(std::string_view text) {
  if (text.empty()) text = "{}";
  const std::unique_ptr<EVP_MD_CTX, free_digest_context> context(EVP_MD_CTX_new());
  bool good = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  const auto feed = [&](std::size_t begin, std::size_t end) {
    if (end > begin)
      good = good && EVP_DigestUpdate(context.get(), text.data() + begin, end - begin) == 1;
  };
  std::size_t start = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      feed(start, i);
      start = i + 1;
    }
  }
  feed(start, text.size());
  digest hash{};
  unsigned size = 0;
  good = good && EVP_DigestFinal_ex(context.get(), hash.data(), &size) == 1;
  if (!good) throw std::runtime_error("OpenSSL: SHA-256 failed");
  return hash;
}

}  // namespace longhaul::wire
