// SPDX-License-Identifier: Apache-2.0
// What the server hands to clients and must recognise later, on any process: ids of its questions
// (signed) and the state of a call that waits for answers (sealed). Nothing of it is stored here.
//
// Keys come from secrets that all processes of one service share. The first secret signs and seals;
// all of them verify and open, so that secrets can rotate without breaking what is on its way.
//
// Thread-safe: immutable after construction. Cryptography is OpenSSL's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/clock.hpp"
#include "longhaul/raw_json.hpp"
#include "longhaul/task.hpp"

namespace longhaul::wire {

/// A key of 32 bytes derived from a secret for one purpose.
using derived_key = std::array<std::uint8_t, 32>;
derived_key derive_key(std::string_view secret, std::string_view purpose);

/// SHA-256 of a JSON text without white space outside strings, so that a client that writes the
/// same arguments with other spacing is recognised. Absent arguments are `{}`.
digest hash_of_json(std::string_view text);

/// Ids of server→client requests. An id names the task and the question, so that its reply becomes
/// an answer on whichever process receives it, after a restart too.
class question_ids {
 public:
  struct question {
    std::string task;
    std::string key;
    int round = 0;  ///< how often it was put before
  };

  /// Requires: at least one secret.
  explicit question_ids(std::span<const std::string> secrets);
  /// Visible ASCII. `key` may be any text.
  std::string make(std::string_view task, std::string_view key, int round = 0) const;
  /// Null: not one of ours.
  std::optional<question> read(std::string_view id) const;

 private:
  std::vector<derived_key> keys_;
};

/// What `requestState` of an `input_required` reply holds (MCP 2026-07-28 "Multi Round-Trip
/// Requests": principal, expiry, originating request).
struct call_state {
  std::string task;
  std::uint64_t rev = 0;
  std::string owner;
  std::string tool;
  digest arguments{};
  timestamp expires{};
};

/// Seals call states with AES-256-GCM; what a client changed in the least does not open.
class state_sealer {
 public:
  /// Requires: at least one secret.
  explicit state_sealer(std::span<const std::string> secrets);
  std::string seal(const call_state& state) const;
  /// Null: tampered with, sealed by an unknown secret, or not one of ours. The caller checks what
  /// is inside.
  std::optional<call_state> open(std::string_view text) const;

 private:
  std::vector<derived_key> keys_;
};

}  // namespace longhaul::wire
