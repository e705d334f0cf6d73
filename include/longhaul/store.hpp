// SPDX-License-Identifier: Apache-2.0
// Where tasks are kept. A store is opened here and handed to a server or a task engine; one of your
// own derives from `stores::store` (longhaul/stores/store.hpp).
#pragma once

#include <memory>
#include <string>

#include "longhaul/clock.hpp"

namespace longhaul {

namespace stores {
class store;
}

/// Tasks live as long as this object. For tests, and for work that nobody misses.
std::shared_ptr<stores::store> memory_store(const clock_source& clock = system_clock());

/// Tasks live in one SQLite file, which is made if there is none (mode 0600; folders on the way
/// too): what was acknowledged survives crashes of the process and of the machine. One process at a
/// time may have the file open. `clock` must outlive the store.
/// Throws `std::runtime_error` with what to do: in use (by which process), written by a newer
/// version, not a store, damaged, or not writable.
std::shared_ptr<stores::store> sqlite_store(const std::string& path,
                                            const clock_source& clock = system_clock());

/// Tasks live in a schema of a PostgreSQL database, version 13 or newer, which many processes may
/// have open at once: each runs what it has tools for, and what one that dies was running is
/// recovered by the others. `url` as docs/fleet.md describes it: `postgres://USER@HOST/DATABASE`.
/// The schema is made if there is none. Time is the database's.
/// Throws `std::runtime_error` with what to do: nobody answers, not allowed, a newer version;
/// `std::invalid_argument`: the URL is none, or this build has no PostgreSQL.
std::shared_ptr<stores::store> postgres_store(const std::string& url);

}  // namespace longhaul
