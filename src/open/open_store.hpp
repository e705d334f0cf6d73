// SPDX-License-Identifier: Apache-2.0
// The one place where a server's store is chosen and opened; the only one that knows every kind.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "longhaul/store.hpp"

namespace longhaul {

/// What there is to choose from, the first that says something goes.
struct store_choice {
  std::string url;                             ///< as `parse_store_url` reads it
  std::shared_ptr<stores::store> opened = {};  ///< by the program
  std::string state_folder = {};               ///< of the default file; empty: that of the user
  std::string server = {};                     ///< its name gives that of the default file
  /// Each host that speaks over stdio starts a server of its own: one that finds the default file
  /// in use takes the next of `name.db`, `name-2.db`, …
  bool several = false;
};

struct opened_store {
  std::shared_ptr<stores::store> store;
  std::string file = {};     ///< where it is kept, if it is a file
  std::string kept_in = {};  ///< for people
};

/// Tells with `tell` which file was taken if it is not the first. Throws `std::invalid_argument`
/// for a URL that is none, and what opening throws (`longhaul/store.hpp`).
opened_store open_store(const store_choice& choice,
                        const std::function<void(const std::string&)>& tell);

}  // namespace longhaul
