// SPDX-License-Identifier: Apache-2.0
// Tasks, counts and times as the API writes them (docs/operator.md).
//
// Pure functions that append to a string.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json/write.hpp"
#include "longhaul/stores/store.hpp"

namespace longhaul::operating {

void write_time(json::object& out, std::string_view name, std::optional<timestamp> at);
void write_length(json::object& out, std::string_view name, std::optional<milliseconds> length);
/// Null if it is empty.
void write_text(json::object& out, std::string_view name, std::string_view text);
/// `{"waiting":…,"running":…,…}`.
void append_counts(std::string& out, const stores::status_counts& counts);
std::string hex(const process_id& id);

/// As in a list. `why`: why it waits; empty: it does not.
void append_task(std::string& out, const task_record& task, std::string_view why);

/// What `append_whole_task` says beside the record.
struct task_surroundings {
  std::string why;
  std::string host;         ///< of the process that runs it; empty: unknown
  bool has_output = false;  ///< there is what its program printed
};
/// As on its own, with everything. Requires: it is not abridged.
void append_whole_task(std::string& out, const task_record& task, stores::instant now,
                       const task_surroundings& beside);

}  // namespace longhaul::operating
