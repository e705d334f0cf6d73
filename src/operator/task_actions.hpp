// SPDX-License-Identifier: Apache-2.0
// What is done to a task, whether to one or to many: the steps that both kinds of routes share.
#pragma once

#include <string>
#include <string_view>

#include "longhaul/stores/values.hpp"
#include "operator/api_call.hpp"
#include "operator/request_body.hpp"

namespace longhaul::operating {

/// What became of it: "applied" or "unchanged", and the task afterwards. What cannot be done is an
/// `api_error` (404, 409, 429).
struct acted {
  std::string_view outcome = "applied";
  task_ptr task;
};

/// Why tasks are to be cancelled: its `reason`, or who wants it. Throws `api_error` (400).
std::string reason_in(const api_call& call, const request_body& body);
awaitable<acted> cancel_one(const api_call& call, const task_record& task, std::string reason);
awaitable<acted> retry_one(const api_call& call, const task_record& task);
/// A task that has ended is gone for everybody at once; what it left is removed soon.
awaitable<acted> delete_one(const api_call& call, const task_record& task);

}  // namespace longhaul::operating
