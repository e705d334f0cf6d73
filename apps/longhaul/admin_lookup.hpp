// SPDX-License-Identifier: Apache-2.0
// Which tasks a verb of `longhaul admin` is about: those that a filter matches, page by page, and
// the one whose id begins with a word.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "admin_verbs.hpp"
#include "longhaul/raw_json.hpp"

namespace longhaul {

/// Members of `filter` as parameters.
admin_query query_of(const admin_filter& filter);

/// As a page of the API, of any length.
struct found_tasks {
  std::vector<raw_json> tasks;
  std::string next_cursor;  ///< empty: there are no more
  std::int64_t looked = 0;
};
/// The newest `limit` of them. Throws `admin_error`.
found_tasks find_tasks(admin_link& link, const admin_filter& filter, std::size_t limit);

/// The id that `word` is, or the only one that begins with it. Throws `admin_error`.
std::string whole_id(const admin_desk& desk, const std::string& word);
/// `tasks/ID`, and what stands behind it.
std::string path_of_task(const std::string& id, std::string_view below = {});

}  // namespace longhaul
