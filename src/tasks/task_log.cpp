// SPDX-License-Identifier: Apache-2.0
#include "tasks/task_log.hpp"

namespace longhaul::tasks {

void task_log::begin(const task_record& task) const noexcept {
  log_.info("task.begin", {},
            {task_field(task.id()),
             {"tool", task.tool()},
             {"owner", task.owner()},
             {"attempt", task.attempt}});
}

void task_log::change(const task_record& task) const noexcept {
  const std::string_view status = to_string(task.status);
  if (!task.ends) {
    log_.debug("task.change", {}, {task_field(task.id()), {"status", status}, {"rev", task.rev}});
    return;
  }
  const bool failed = task.status == task_status::failed;
  const auto ms = (task.updated_at - task.origin->created_at).count();
  log_(failed ? log_level::warning : log_level::info, "task.end", {},
       {task_field(task.id()),
        {"tool", task.tool()},
        {"owner", task.owner()},
        {"attempt", task.attempt},
        {"outcome", task.result.is_error ? "tool_error" : status},
        {"ms", ms}});
}

void task_log::retry(const task_record& task, std::string_view why,
                     milliseconds pause) const noexcept {
  log_.info("task.retry", why,
            {task_field(task.id()),
             {"tool", task.tool()},
             {"owner", task.owner()},
             {"attempt", task.attempt},
             {"ms", pause.count()}});
}

void task_log::refusal(const task_origin& origin, std::string_view bound) const noexcept {
  log_.stranger(log_level::info, "task.refused", {},
                {{"tool", origin.tool}, {"owner", origin.owner}, {"bound", bound}});
}

void task_log::trouble(std::string_view event, const std::string& text, std::string_view id) const {
  if (id.empty()) return log_.warning(event, text);
  log_.warning(event, text, {task_field(id)});
}

}  // namespace longhaul::tasks
