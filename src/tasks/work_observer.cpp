// SPDX-License-Identifier: Apache-2.0
#include "tasks/work_observer.hpp"

namespace longhaul::tasks {

std::string_view to_string(attempt_end end) noexcept {
  switch (end) {
    case attempt_end::completed:
      return "completed";
    case attempt_end::error:
      return "error";
    case attempt_end::failed:
      return "failed";
    case attempt_end::retry:
      return "retry";
    case attempt_end::stopped:
      return "stopped";
  }
  return {};
}

}  // namespace longhaul::tasks
