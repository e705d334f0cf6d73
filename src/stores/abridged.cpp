// SPDX-License-Identifier: Apache-2.0
#include "stores/abridged.hpp"

#include <utility>

#include "longhaul/stores/bounds.hpp"

namespace longhaul::stores {

bool is_large(const task_origin& origin) noexcept {
  return origin.arguments.size() + origin.request_meta.size() > rules::small_payload;
}

std::shared_ptr<task_record> lean_copy(const task_record& task) {
  auto lean = std::make_shared<task_origin>(*task.origin);
  lean->arguments = {};
  // Streams that follow the task later look for its progress token there, and traces for theirs.
  if (lean->request_meta.size() > rules::kept_meta) lean->request_meta = {};
  auto result = std::make_shared<task_record>(task);
  result->origin = std::move(lean);
  result->abridged = true;
  return result;
}

task_ptr with_origin_of(const task_ptr& task, const task_record& whole) {
  auto result = std::make_shared<task_record>(*task);
  result->origin = whole.origin;
  result->abridged = false;
  return result;
}

}  // namespace longhaul::stores
