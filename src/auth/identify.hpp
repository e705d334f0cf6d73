// SPDX-License-Identifier: Apache-2.0
// Who callers over HTTP are, as the server's options say: by key, the one user, or anonymous.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "auth/api_keys.hpp"
#include "auth/identifier.hpp"

namespace longhaul {
struct api_key;
struct server_options;
}  // namespace longhaul

namespace longhaul::auth {

/// Every caller is anonymous.
std::shared_ptr<const identifier> anonymous();

/// Throws `std::invalid_argument`, with what to do, for keys that are malformed or come twice, and
/// for `single_user` with keys or with a `host` that others can reach.
std::shared_ptr<const identifier> identify_by(const server_options& options,
                                              const std::string& host);

/// The keys of a list. Throws `std::invalid_argument`, with what to do, for what is malformed or
/// comes twice.
api_keys read_keys(const std::vector<api_key>& given);

/// The part of it that does not depend on where the server listens.
void check_callers(const server_options& options);

}  // namespace longhaul::auth
