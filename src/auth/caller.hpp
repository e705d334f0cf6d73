// SPDX-License-Identifier: Apache-2.0
// Who sends requests. Vocabulary of all layers from here up.
#pragma once

#include <string>
#include <string_view>

namespace longhaul::auth {

/// Tasks belong to `owner`; use is counted against `quota`.
struct caller {
  std::string owner;        ///< `local`, `anonymous`, `key:<name>`, issuer + subject
  std::string quota;        ///< the owner; `anonymous@<address>` for unauthenticated HTTP
  bool identified = false;  ///< not anonymous: may list tasks
};

/// `local`, identified: the one user of a pipe, or of a server for one.
caller local_caller();
/// `anonymous`, use counted by address, not identified.
caller anonymous_caller(std::string_view peer_address);

}  // namespace longhaul::auth
