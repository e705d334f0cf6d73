// SPDX-License-Identifier: Apache-2.0
// A failure that nobody meant for callers: its text may hold paths, hosts, secrets. Callers get a
// sentence and an id, the log has the same id with the text.
//
// Pure functions; any thread.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "longhaul/task.hpp"

namespace longhaul::tasks {

/// Eight hex digits, random: enough to find one line in a log.
std::string new_error_id();

/// `sentence (error id 1f00ba12)`.
std::string with_error_id(std::string_view sentence, std::string_view error_id);

/// `{"errorId":"1f00ba12"}`, for the `data` of an error.
raw_json error_id_data(std::string_view error_id);

/// The text of an exception, or what can be said of one that is no `std::exception`.
std::string text_of(const std::exception_ptr& failure);

}  // namespace longhaul::tasks
