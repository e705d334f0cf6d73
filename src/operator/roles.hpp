// SPDX-License-Identifier: Apache-2.0
// Who may do what at the operators' listener: by key, or everybody on this machine.
//
// Threads: any.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/api_keys.hpp"
#include "auth/identifier.hpp"
#include "longhaul/server.hpp"

namespace longhaul::operating {

enum class role : std::uint8_t { read, act };
std::string_view to_string(role given) noexcept;

class roles final : public auth::identifier {
 public:
  /// `host`: where it listens. Throws `std::invalid_argument`, with what to do, for keys that are
  /// malformed or come twice, and without keys for a host that others can reach.
  roles(const std::vector<operator_key>& keys, const std::string& host);

  std::optional<auth::identification> identify_at_once(
      const auth::credentials& presented) const override;
  /// Of somebody who was let in.
  role role_of(const auth::caller& who) const;
  /// As people know them: the name of the key, or "local".
  static std::string_view name_of(const auth::caller& who) noexcept;

 private:
  auth::api_keys keys_;
  std::map<std::string, role, std::less<>> by_owner_;
};

}  // namespace longhaul::operating
