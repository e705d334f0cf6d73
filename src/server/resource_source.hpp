// SPDX-License-Identifier: Apache-2.0
// Where resources come from. A source knows its own addresses; the server asks one after the other.
// Captured output of programs is one (`captured_output.hpp`).
//
// Threads: any.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/outputs.hpp"
#include "server/requests.hpp"

namespace longhaul::serving {

/// A family of addresses, as `resources/templates/list` shows it (RFC 6570).
struct resource_template {
  std::string_view uri, name, description, mime_type;
};

/// Has a source look after one of its addresses as long as it is held.
class resource_hold {
 public:
  virtual ~resource_hold() = default;
  /// Who listens to the address by now (`resource_watch`) is told of changes from now on, and soon
  /// of what is there already.
  virtual void begin() = 0;
};
using resource_hold_ptr = std::shared_ptr<resource_hold>;

class resource_source {
 public:
  virtual ~resource_source() = default;
  virtual std::span<const resource_template> templates() const = 0;
  /// Null: not an address of this source, or nothing that this caller may see.
  /// Throws `std::invalid_argument` for an address of its own with something wrong in it, and what
  /// reading throws.
  virtual awaitable<std::optional<resource_contents>> read(const caller& who,
                                                           std::string_view uri) = 0;
  /// For those who want to hear of changes. Null, and throws: as `read`.
  virtual awaitable<resource_hold_ptr> hold(const caller& who, std::string_view uri) = 0;
};

}  // namespace longhaul::serving
