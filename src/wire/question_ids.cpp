// SPDX-License-Identifier: Apache-2.0
// An id is "q.<task>.<key>.<mac>", or "q.<task>.<key>.<round>.<mac>" where the question is put
// again; key and mac in base64url, the mac HMAC-SHA256 over what stands before it, cut to 128 bits.
#include "wire/question_ids.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "protocol/base64.hpp"

namespace longhaul::wire {
namespace {

constexpr std::string_view mark = "q.";
constexpr std::size_t mac_size = 16;

std::string mac_of(const derived_key& key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(),
           &size) == nullptr) {
    throw std::runtime_error("OpenSSL: HMAC failed");
  }
  return std::string(reinterpret_cast<const char*>(mac.data()), mac_size);
}

}  // namespace

question_ids::question_ids(std::span<const std::string> secrets) {
  if (secrets.empty()) throw std::invalid_argument("question_ids: no secret");
  for (const auto& secret : secrets) keys_.push_back(derive_key(secret, "longhaul question id 1"));
}

std::string question_ids::make(std::string_view task, std::string_view key, int round) const {
  std::string id(mark);
  id += task;
  id += '.';
  id += protocol::base64url_encode(key);
  if (round > 0) id += '.' + std::to_string(round);
  const std::string mac = mac_of(keys_.front(), id);
  id += '.';
  id += protocol::base64url_encode(mac);
  return id;
}

std::optional<question_ids::question> question_ids::read(std::string_view id) const {
  const auto last = id.rfind('.');
  if (!id.starts_with(mark) || last == std::string_view::npos || last < mark.size()) {
    return std::nullopt;
  }
  const auto mac = protocol::base64url_decode(id.substr(last + 1));
  if (!mac || mac->size() != mac_size) return std::nullopt;
  const std::string_view text = id.substr(0, last);
  const bool ours = std::any_of(keys_.begin(), keys_.end(), [&](const derived_key& key) {
    return CRYPTO_memcmp(mac_of(key, text).data(), mac->data(), mac_size) == 0;
  });
  const std::string_view body = text.substr(mark.size());
  const auto dot = body.find('.');
  if (!ours || dot == std::string_view::npos) return std::nullopt;
  std::string_view rest = body.substr(dot + 1);
  int round = 0;
  if (const auto second = rest.find('.'); second != std::string_view::npos) {
    const std::string_view digits = rest.substr(second + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), round);
    rest = rest.substr(0, second);
  }
  auto key = protocol::base64url_decode(rest);
  if (!key) return std::nullopt;
  return question{std::string(body.substr(0, dot)), std::move(*key), round};
}

}  // namespace longhaul::wire
