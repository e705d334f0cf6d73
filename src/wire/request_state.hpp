// SPDX-License-Identifier: Apache-2.0
// The state of a call that waits for answers, sealed: the client keeps it, any process opens it.
// Nothing of it is stored here.
//
// Thread-safe: immutable after construction.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "longhaul/clock.hpp"
#include "wire/sealed_text.hpp"

namespace longhaul::wire {

/// What `requestState` of an `input_required` reply holds (MCP 2026-07-28 "Multi Round-Trip
/// Requests": principal, expiry, originating request).
struct call_state {
  std::string task;  ///< empty: nothing has begun
  std::uint64_t rev = 0;
  std::string owner;
  std::string tool;
  digest arguments{};
  timestamp expires{};
  std::string answers = {};  ///< JSON of those that were given before anything began, or empty
};

/// What a client changed in the least does not open.
class state_sealer {
 public:
  /// Requires: at least one secret.
  explicit state_sealer(std::span<const std::string> secrets);
  std::string seal(const call_state& state) const;
  /// Null: tampered with, sealed by an unknown secret, or not one of ours. The caller checks what
  /// is inside.
  std::optional<call_state> open(std::string_view text) const;

 private:
  text_sealer sealer_;
};

}  // namespace longhaul::wire
