// SPDX-License-Identifier: Apache-2.0
// The tables of a store file, version by version (docs/store-format.md tells every column), and
// how one is opened: made if it is new, brought forward if it is older, refused if it is newer or
// somebody else's.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sqlite/connection.hpp"

namespace longhaul::sqlite {

/// `PRAGMA application_id` of our files: "Lhul".
inline constexpr std::int64_t application_id = 0x4c68756c;

/// The statements that lead from version n (the place in the list) to n + 1.
using migrations = std::span<const std::string_view>;
migrations all_migrations();
inline std::int64_t newest_version() { return static_cast<std::int64_t>(all_migrations().size()); }

/// SQL for what a task takes up (`stores::size_of`), of the row of `states` at hand, in a file of
/// this version. Part of migrations: for a version that is out it stays as it is.
std::string task_bytes(std::int64_t version);

/// Makes the folder that `path` is in, with mode 0700, if there is none. Throws
/// `std::runtime_error`, `std::filesystem::filesystem_error`.
void make_folder_of(const std::string& path);
/// Makes the file with mode 0600 if there is none. Requires: no connection of this process has it
/// open (POSIX drops their locks when any descriptor of the file is closed). Throws
/// `std::runtime_error`.
void make_private_file(const std::string& path);

/// What makes commits durable and readers independent of the writer. Throws `sqlite_error`.
void prepare_writer(connection& file);
void prepare_reader(connection& file);

/// A connection for reading. As long as nobody writes the file, also where there is no room for
/// anything: on a full disk, or one that is read-only. Throws `sqlite_error`.
enum class written_by : std::uint8_t { somebody, nobody };
connection open_to_read(const std::string& path, const std::string& vfs, written_by whom);

/// 0 for an empty file. Throws `std::runtime_error` if the file is not a store, or newer.
std::int64_t version_of(connection& file, std::string_view path,
                        migrations steps = all_migrations());
/// Applies what is missing, all or nothing; the version before. Throws as `version_of`.
std::int64_t upgrade(connection& file, std::string_view path, migrations steps = all_migrations());

}  // namespace longhaul::sqlite
