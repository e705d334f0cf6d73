// SPDX-License-Identifier: Apache-2.0
// Sealed text: base64url of format (1 byte) · nonce (12) · AES-256-GCM ciphertext · tag (16). The
// format byte is authenticated too. Inside: expiry, rev, hash of the arguments, then task, owner
// and tool, and answers if there are any, each with its length in front.
#include "wire/request_state.hpp"

#include <openssl/evp.h>

#include <cstring>
#include <memory>
#include <stdexcept>

#include "base/random.hpp"
#include "protocol/base64.hpp"

namespace longhaul::wire {
namespace {

constexpr char format = 1;
constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;
// Far above what `seal` can make: a few names, and the answers that travel
// (`serving::tunables::travelling_answers`).
constexpr std::size_t max_sealed = std::size_t{256} * 1024;

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

void put(std::string& out, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((number >> shift) & 0xFF));
  }
}
void put(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint64_t>(text.size()));
  out += text;
}

// Reads what `put` wrote; `good` turns false at the first lack of bytes.
struct reader {
  std::string_view rest;
  bool good = true;

  std::string_view take(std::uint64_t size) {
    if (size > rest.size()) {
      good = false;
      return {};
    }
    const std::string_view part = rest.substr(0, static_cast<std::size_t>(size));
    rest.remove_prefix(part.size());
    return part;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (const char c : take(8)) value = (value << 8) | static_cast<unsigned char>(c);
    return value;
  }
  std::string text() { return std::string(take(number())); }
};

std::string to_bytes(const call_state& state) {
  std::string out;
  put(out, static_cast<std::uint64_t>(state.expires.time_since_epoch().count()));
  put(out, state.rev);
  out.append(reinterpret_cast<const char*>(state.arguments.data()), state.arguments.size());
  put(out, state.task);
  put(out, state.owner);
  put(out, state.tool);
  if (!state.answers.empty()) put(out, state.answers);
  return out;
}

std::optional<call_state> from_bytes(std::string_view bytes) {
  reader from{bytes};
  call_state state;
  state.expires = timestamp(milliseconds(static_cast<std::int64_t>(from.number())));
  state.rev = from.number();
  const auto hash = from.take(state.arguments.size());
  if (!from.good) return std::nullopt;
  std::memcpy(state.arguments.data(), hash.data(), hash.size());
  state.task = from.text();
  state.owner = from.text();
  state.tool = from.text();
  if (from.good && !from.rest.empty()) state.answers = from.text();
  if (!from.good || !from.rest.empty()) return std::nullopt;
  return state;
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

state_sealer::state_sealer(std::span<const std::string> secrets) {
  if (secrets.empty()) throw std::invalid_argument("state_sealer: no secret");
  for (const auto& secret : secrets) keys_.push_back(derive_key(secret, "longhaul call state 1"));
}

std::string state_sealer::seal(const call_state& state) const {
  const std::string plain = to_bytes(state);
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
      EVP_EncryptUpdate(c.get(), raw(sealed) + start, &size, raw(std::string_view(plain)),
                        static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(c.get(), raw(sealed) + start + size, &more) == 1 &&
      EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_GET_TAG, tag_size, tag.data()) == 1;
  if (!good) throw std::runtime_error("OpenSSL: sealing failed");
  sealed.resize(start + static_cast<std::size_t>(size) + static_cast<std::size_t>(more));
  sealed += tag;
  return protocol::base64url_encode(sealed);
}

std::optional<call_state> state_sealer::open(std::string_view text) const {
  if (text.size() > max_sealed) return std::nullopt;
  const auto sealed = protocol::base64url_decode(text);
  if (!sealed || sealed->size() < 1 + nonce_size + tag_size || sealed->front() != format) {
    return std::nullopt;
  }
  for (const auto& key : keys_) {
    if (const auto plain = decrypt(key, *sealed)) return from_bytes(*plain);
  }
  return std::nullopt;
}

}  // namespace longhaul::wire
