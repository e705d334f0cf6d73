// SPDX-License-Identifier: Apache-2.0
// API keys: who may call, by the SHA-256 of a secret that only the caller has. Looking one up takes
// the same time whichever it is, and whether it is one.
//
// Threads: filled before the server starts; `holder_of` on any thread afterwards.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/caller.hpp"

namespace longhaul::auth {

using key_digest = std::array<std::uint8_t, 32>;

/// 64 hex digits.
std::optional<key_digest> parse_sha256(std::string_view text);

class api_keys {
 public:
  void add(const std::string& name, const key_digest& digest);
  bool empty() const noexcept { return keys_.empty(); }
  /// Whose key is in an `Authorization` header (`Bearer KEY`, RFC 6750); null: none of ours.
  std::shared_ptr<const caller> holder_of(std::optional<std::string_view> authorization) const;

 private:
  struct entry {
    std::shared_ptr<const caller> holder;
    key_digest digest;
  };
  std::vector<entry> keys_;
};

/// What a refused caller is told in `WWW-Authenticate`. `presented`: it had a key, the wrong one.
std::string challenge(bool presented);

}  // namespace longhaul::auth
