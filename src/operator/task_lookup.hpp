// SPDX-License-Identifier: Apache-2.0
// The tasks that a request names: one by its id, or all that a filter matches.
#pragma once

#include <string>
#include <vector>

#include "longhaul/stores/search.hpp"
#include "operator/api_call.hpp"

namespace longhaul::operating {

/// The task whose id the path has, whole. Throws `api_error` (404).
awaitable<task_ptr> task_of(const api_call& call);

struct counted_tasks {
  std::vector<std::string> ids;  ///< newest first
  bool more = false;             ///< there are more than were wanted
};
/// Up to `most`.
awaitable<counted_tasks> find_ids(const api_call& call, stores::task_filter filter,
                                  std::size_t most);

}  // namespace longhaul::operating
