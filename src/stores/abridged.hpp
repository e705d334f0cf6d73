// SPDX-License-Identifier: Apache-2.0
// What a store keeps in memory of a task that may wait for hours, when its arguments stand
// elsewhere.
//
// Pure functions.
#pragma once

#include "longhaul/task.hpp"

namespace longhaul::stores {

/// The same record without what only its handler wants, if that is large (`rules::small_payload`).
task_ptr abridged(const task_ptr& task);
/// `task`, abridged or not, with the whole origin of a record of the same task.
task_ptr with_origin_of(const task_ptr& task, const task_record& whole);

}  // namespace longhaul::stores
