// SPDX-License-Identifier: Apache-2.0
// The tables, in a schema of their own, and the way from each version to the next. What a version
// added never changes (docs/store-format.md); a new one is a further text behind the others.
//
//   tasks          what never changes about a task
//   states         what does, narrow, written again and again
//   bodies         what may be large and changes: questions, attempts, checkpoint
//   counts         numbers by quota and tool, a row for each process that counted
//   processes      leases
//   paused         tools
//   outputs        what programs printed, a row a stream
//   output_parts   … and its bytes
//   meta           version, secret
//
// Texts have `@` where the schema's name belongs.
//
// Threads: those of the connection.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "postgres/connection.hpp"

namespace longhaul::postgres {

/// `@` replaced by the schema's name, quoted.
std::string in_schema(std::string_view sql, std::string_view schema);

/// The version that this program writes.
std::int64_t newest_version() noexcept;
/// The statements that lead from one version to another, one by one.
std::vector<std::string> statements_between(std::int64_t from, std::int64_t to,
                                            std::string_view schema);
/// 0: there is none of our tables. Throws `std::runtime_error` if it is newer than this program.
awaitable<std::int64_t> version_of(connection& link, const std::string& schema);
/// Makes the schema, or brings it to the newest version, while nobody else does; returns the
/// version before. Throws `std::runtime_error` with what to do: newer, not allowed.
awaitable<std::int64_t> upgrade(connection& link, const std::string& schema);

}  // namespace longhaul::postgres
