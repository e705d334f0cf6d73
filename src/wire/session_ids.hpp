// SPDX-License-Identifier: Apache-2.0
// Ids of sessions, sealed: what `initialize` said is inside, so that any process that knows the
// secret serves the session, and one that was started again as well (MCP 2025-11-25 "Session
// Management").
//
// Thread-safe: immutable after construction.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/clock.hpp"
#include "server/questions.hpp"
#include "wire/revisions.hpp"
#include "wire/sealed_text.hpp"

namespace longhaul::wire {

struct session_facts {
  std::uint64_t boot = 0;  ///< of the process that began it
  timestamp begun{};
  std::string owner = {};  ///< a mark of it (`mark_of`)
  revision version = newest_legacy;
  serving::question_modes modes = {};
  std::vector<std::string> extensions = {};  ///< that the client declared, and the server had
};

class session_ids {
 public:
  /// Requires: at least one secret.
  explicit session_ids(std::span<const std::string> secrets);
  /// What is kept of an owner, of bounded length.
  static std::string mark_of(std::string_view owner);
  /// Visible ASCII, not to be guessed, and never the same.
  std::string make(const session_facts& facts) const;
  /// Null: changed, of an unknown secret, or none of ours. The caller checks what is inside.
  std::optional<session_facts> read(std::string_view id) const;

 private:
  text_sealer sealer_;
};

}  // namespace longhaul::wire
