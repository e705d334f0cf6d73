// SPDX-License-Identifier: Apache-2.0
// What operators look for in the file (`store_operations::search`): walks from the newest task to
// the oldest along the index that fits the filter best, looks at each row without making a record
// of it, and stops when the page is full or enough has been looked at.
//
// Threads: those of the connection.
#pragma once

#include <string>
#include <string_view>

#include "longhaul/stores/search.hpp"
#include "sqlite/task_reader.hpp"

namespace longhaul::sqlite {

/// The statement that walks for this filter, for who asks SQLite what it makes of it. Parameters:
/// 1 is the number or the id below which it begins; 2 the beginning of ids, the tool or the owner,
/// if the walk goes along one.
std::string search_statement(const stores::task_filter& filter);

/// `before`: an id, whether its task is still there or not; empty: from the newest on. What is to
/// be removed by `now` is not there any more. Throws `sqlite_error`.
stores::found_page search_tasks(task_reader& rows, const stores::task_filter& filter,
                                std::string_view before, monotonic_time now, std::size_t limit);

}  // namespace longhaul::sqlite
