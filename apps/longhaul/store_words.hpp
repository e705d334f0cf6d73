// SPDX-License-Identifier: Apache-2.0
// What `longhaul store` says, for people and as JSON, the same for files and databases.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/clock.hpp"
#include "store.hpp"
#include "stores/listing.hpp"

namespace longhaul {

/// 1,234,567 bytes as people read them.
std::string readable_size(std::int64_t bytes);
/// How long ago, in one unit.
std::string age_of(timestamp then, timestamp now);

using number = std::pair<const char*, std::int64_t>;
std::string json_of(const std::vector<number>& numbers);

/// A name in a column, and what is said about it.
void tell_line(const std::string& name, const std::string& value);

/// "queued" is said of working tasks that nobody runs.
std::string_view status_of(const stores::listed_task& task);
std::string task_in_json(const stores::listed_task& task);

/// Says what was found, and gives the exit code.
int tell_check(const std::string& place, const std::vector<std::string>& found, bool json);
void tell_migration(const std::string& place, const stores::migrated& version, bool json);
/// `list` is called with the filter that the command says.
using lister = std::function<void(const stores::list_filter&,
                                  const std::function<void(const stores::listed_task&)>&)>;
void tell_list(const store_command& command, const lister& list);

}  // namespace longhaul
