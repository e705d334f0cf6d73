// SPDX-License-Identifier: Apache-2.0
#include "exit_codes.hpp"

#include "longhaul/error_codes.hpp"

namespace longhaul {

exit_code exit_code_of(const call_outcome& end) {
  switch (end.status) {
    case task_status::completed:
      return end.result.is_error() ? exit_code::tool_error : exit_code::done;
    case task_status::failed:
      return end.error_code == error_codes::time_limit ? exit_code::time_limit : exit_code::failed;
    case task_status::cancelled:
      return exit_code::cancelled;
    case task_status::input_required:
      return exit_code::waits;
    case task_status::working:
      break;
  }
  return end.timed_out ? exit_code::timed_out : exit_code::done;
}

exit_code exit_code_of(const client_error& why) {
  using kind = client_error::kind;
  switch (why.why()) {
    case kind::unreachable:
    case kind::lost:
    case kind::broken:
      return exit_code::unreachable;
    case kind::time_limit:
      return exit_code::timed_out;
    case kind::left:
      return exit_code::cancelled;
    case kind::refused:
    case kind::forbidden:
    case kind::gone:
      break;
  }
  return exit_code::usage;
}

}  // namespace longhaul
