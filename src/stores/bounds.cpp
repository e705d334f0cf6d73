// SPDX-License-Identifier: Apache-2.0
#include "longhaul/stores/bounds.hpp"

namespace longhaul::stores {

std::size_t changing_size_of(const task_record& task) {
  std::size_t bytes = task.status_message.size() + task.result.body.size() +
                      task.checkpoint.size() + task.cancel_reason.size();
  if (task.attempts) {
    for (const task_attempt& attempt : *task.attempts) {
      bytes += rules::attempt_overhead + attempt.how.size();
    }
  }
  if (!task.inputs) return bytes;
  for (const task_input& input : *task.inputs) {
    bytes +=
        rules::input_overhead + input.key.size() + input.request.size() + input.response.size();
  }
  return bytes;
}

std::size_t size_of(const task_record& task) {
  const task_origin& origin = *task.origin;
  return rules::task_overhead + origin.owner.size() + origin.quota.size() + origin.tool.size() +
         origin.arguments.size() + origin.request_meta.size() + origin.idempotency_key.size() +
         origin.token.size() + origin.retry_of.size() +
         (origin.concurrency_key ? origin.concurrency_key->size() : 0) + changing_size_of(task);
}

}  // namespace longhaul::stores
