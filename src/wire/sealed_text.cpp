// SPDX-License-Identifier: Apache-2.0
#include "wire/sealed_text.hpp"

#include <openssl/evp.h>

#include <memory>
#include <stdexcept>

#include "base/random.hpp"
#include "protocol/base64.hpp"

namespace longhaul::wire {
namespace {

constexpr char format = 1;
constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;

struct free_context {
  void operator()(EVP_CIPHER_CTX* c) const noexcept { EVP_CIPHER_CTX_free(c); }
};
using cipher_context = std::unique_ptr<EVP_CIPHER_CTX, free_context>;

unsigned char* raw(std::string& text) noexcept {
  return reinterpret_cast<unsigned char*>(text.data());
}
const unsigned char* raw(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::optional<std::string> decrypt(const derived_key& key, std::string_view sealed) {
  const std::string_view head = sealed.substr(0, 1);
  const std::string_view nonce = sealed.substr(1, nonce_size);
  const std::string_view text =
      sealed.substr(1 + nonce_size, sealed.size() - 1 - nonce_size - tag_size);
  std::string tag(sealed.substr(sealed.size() - tag_size));
  std::string plain(text.size() + 16, '\0');
  int size = 0, more = 0;
  const cipher_context c(EVP_CIPHER_CTX_new());
  const bool good =
      c && EVP_DecryptInit_ex(c.get(), EVP_aes_256_gcm(), nullptr, key.data(), raw(nonce)) == 1 &&
      EVP_DecryptUpdate(c.get(), nullptr, &more, raw(head), static_cast<int>(head.size())) == 1 &&
      EVP_DecryptUpdate(c.get(), raw(plain), &size, raw(text), static_cast<int>(text.size())) ==
          1 &&
      EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(c.get(), raw(plain) + size, &more) == 1;
  if (!good) return std::nullopt;
  plain.resize(static_cast<std::size_t>(size) + static_cast<std::size_t>(more));
  return plain;
}

}  // namespace

text_sealer::text_sealer(std::span<const std::string> secrets, std::string_view purpose) {
  if (secrets.empty()) throw std::invalid_argument("text_sealer: no secret");
  for (const auto& secret : secrets) keys_.push_back(derive_key(secret, purpose));
}

std::string text_sealer::seal(std::string_view plain) const {
  std::string sealed(1, format);
  sealed += random_bytes(nonce_size);
  const std::size_t start = sealed.size();
  sealed.resize(start + plain.size() + 16);
  int size = 0, more = 0;
  std::string tag(tag_size, '\0');
  const cipher_context c(EVP_CIPHER_CTX_new());
  const auto* nonce = raw(std::string_view(sealed).substr(1));
  const bool good =
      c &&
      EVP_EncryptInit_ex(c.get(), EVP_aes_256_gcm(), nullptr, keys_.front().data(), nonce) == 1 &&
      EVP_EncryptUpdate(c.get(), nullptr, &more, raw(sealed), 1) == 1 &&
      EVP_EncryptUpdate(c.get(), raw(sealed) + start, &size, raw(plain),
                        static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(c.get(), raw(sealed) + start + size, &more) == 1 &&
      EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_GET_TAG, tag_size, tag.data()) == 1;
  if (!good) throw std::runtime_error("OpenSSL: sealing failed");
  sealed.resize(start + static_cast<std::size_t>(size) + static_cast<std::size_t>(more));
  sealed += tag;
  return protocol::base64url_encode(sealed);
}

std::optional<std::string> text_sealer::open(std::string_view text, std::size_t longest) const {
  if (text.size() > longest) return std::nullopt;
  const auto sealed = protocol::base64url_decode(text);
  if (!sealed || sealed->size() < 1 + nonce_size + tag_size || sealed->front() != format) {
    return std::nullopt;
  }
  for (const auto& key : keys_) {
    if (auto plain = decrypt(key, *sealed)) return plain;
  }
  return std::nullopt;
}

void field_writer::number(std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    out_.push_back(static_cast<char>((value >> shift) & 0xFF));
  }
}

std::string_view field_reader::bytes(std::uint64_t size) {
  if (size > rest_.size()) {
    good_ = false;
    return {};
  }
  const std::string_view part = rest_.substr(0, static_cast<std::size_t>(size));
  rest_.remove_prefix(part.size());
  return part;
}

std::uint64_t field_reader::number() {
  std::uint64_t value = 0;
  for (const char c : bytes(8)) value = (value << 8) | static_cast<unsigned char>(c);
  return value;
}

}  // namespace longhaul::wire
