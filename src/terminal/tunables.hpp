// SPDX-License-Identifier: Apache-2.0
// Every number of this layer that somebody may want to change, with its unit and its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace longhaul::terminal::tunables {

// A line of progress.

/// Columns from which two blanks stand between its parts; below, each column counts.
inline constexpr std::size_t roomy = 60;
/// Columns of a bar: with fewer it says less than the figure beside it; with more it moves no
/// better.
inline constexpr std::size_t least_bar = 10, widest_bar = 40;
/// Columns of a label and of a message below which they are left out: a stump says nothing.
inline constexpr std::size_t least_label = 6, least_message = 10;
/// Columns of a message in a line of a log.
inline constexpr std::size_t message_in_change = 200;
/// A time left beyond this is not told: the figures behind it are none.
inline constexpr std::chrono::milliseconds longest_left = std::chrono::hours(24 * 100);

/// Columns that the last column of a table keeps however wide the others are.
inline constexpr std::size_t least_last_column = 10;

// What was started from here.

/// The newest ones that are kept: more than anybody looks through.
inline constexpr std::size_t handles_kept = 1000;
/// How long one is kept whose task never expires, or does not say so.
inline constexpr std::chrono::milliseconds handle_life = std::chrono::hours(24 * 30);
/// Bytes of one line; a longer one is refused. The command of a server is the longest part.
inline constexpr std::size_t longest_handle = std::size_t{64} << 10;
/// Bytes that are read of the file, from its end. A thousand lines have a tenth of that.
inline constexpr std::size_t handles_read = std::size_t{16} << 20;
/// Characters of an id that are shown at least.
inline constexpr std::size_t short_id = 8;
/// Ids that an error names.
inline constexpr std::size_t named_handles = 5;

// Files that name servers.

/// Bytes of one.
inline constexpr std::size_t server_file_bytes = std::size_t{1} << 20;
/// Folders above the current one that are looked into.
inline constexpr std::size_t folders_above = 64;

/// Bytes of a line that somebody types; the rest of a longer one is dropped.
inline constexpr std::size_t longest_line = std::size_t{64} << 10;
/// Columns where nobody says how many there are, and what is believed of those who do.
inline constexpr std::size_t usual_columns = 80, most_columns = 2000;
inline constexpr std::size_t usual_rows = 24;

}  // namespace longhaul::terminal::tunables
