// SPDX-License-Identifier: Apache-2.0
// Revision 2026-07-28: stateless requests, each with its version and capabilities, results that say
// what they are (`resultType`), questions inside results, and the tasks extension. The era is
// already decided (`era.hpp`) and the headers are already checked (`headers.hpp`) when a request
// comes here.
//
// Threads: immutable after construction; each request is a coroutine of its own.
#pragma once

#include <string>

#include "wire/service.hpp"

namespace longhaul::wire {

class modern_2026_07_28 {
 public:
  explicit modern_2026_07_28(service& shared);

  /// Answers one request. Requires: `in.meta` has its required fields.
  awaitable<wire_reply> handle(const incoming& in);

  /// Status of an error reply on HTTP.
  static int status_of(int error_code) noexcept;
  /// An error reply with its status.
  static wire_reply refuse(json::value id, int error_code, std::string_view message,
                           std::string_view data = {});
  /// −32022 with what is supported and what was asked for.
  static wire_reply refuse_version(json::value id, json::value requested);

 private:
  wire_reply discover(const incoming& in) const;
  wire_reply list_tools(const incoming& in) const;
  awaitable<wire_reply> call_tool(const incoming& in);
  awaitable<wire_reply> get_task(const incoming& in);
  awaitable<wire_reply> update_task(const incoming& in);
  awaitable<wire_reply> cancel_task(const incoming& in);
  awaitable<wire_reply> listen(const incoming& in);
  wire_reply list_resources(const incoming& in) const;
  awaitable<wire_reply> read_resource(const incoming& in);

  wire_reply reply_to_call(const incoming& in, const serving::call_request& request,
                           serving::call_reply reply) const;
  wire_reply ask_again(const incoming& in, const serving::call_request& request,
                       const task_record& task) const;
  wire_reply acknowledge(const incoming& in) const;
  wire_reply refuse(const incoming& in, const serving::refused& why) const;
  /// Opens `requestState`: the task to resume, or null if anything about it is wrong.
  std::optional<std::string> resume_of(const incoming& in, const serving::call_request& request,
                                       json::value state) const;

  service& shared_;
  const std::string server_meta_;  ///< the member of `_meta` in every result
  const std::string discovery_;
};

}  // namespace longhaul::wire
