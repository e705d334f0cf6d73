// SPDX-License-Identifier: Apache-2.0
// Bytes that a client keeps and only we can read or make: base64url of format (1 byte) · nonce (12)
// · AES-256-GCM ciphertext · tag (16). The format byte is authenticated too.
//
// Thread-safe: immutable after construction.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/secrets.hpp"

namespace longhaul::wire {

class text_sealer {
 public:
  /// `purpose`: what is sealed for another one does not open.
  /// Requires: at least one secret.
  text_sealer(std::span<const std::string> secrets, std::string_view purpose);
  std::string seal(std::string_view bytes) const;
  /// Null: tampered with, sealed by an unknown secret or for another purpose, longer than `longest`
  /// bytes of text, or not one of ours.
  std::optional<std::string> open(std::string_view text, std::size_t longest) const;

 private:
  std::vector<derived_key> keys_;
};

/// Writes numbers and texts behind each other.
class field_writer {
 public:
  void number(std::uint64_t value);
  void bytes(std::string_view value) { out_ += value; }
  void text(std::string_view value) {
    number(value.size());
    bytes(value);
  }
  const std::string& written() const noexcept { return out_; }

 private:
  std::string out_;
};

/// Reads them again. After the first lack of bytes nothing is good any more.
class field_reader {
 public:
  explicit field_reader(std::string_view bytes) : rest_(bytes) {}
  std::uint64_t number();
  std::string_view bytes(std::uint64_t size);
  std::string text() { return std::string(bytes(number())); }
  bool good() const noexcept { return good_; }
  bool at_end() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace longhaul::wire
