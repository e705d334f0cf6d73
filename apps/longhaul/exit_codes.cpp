// SPDX-License-Identifier: Apache-2.0
#include "exit_codes.hpp"

#include "longhaul/error_codes.hpp"

namespace longhaul {
namespace {

// Of a call that was carried out, and failed: of a task it is its end, of a plain call an error.
exit_code exit_code_of_failure(int error_code) {
  return error_code == error_codes::time_limit ? exit_code::time_limit : exit_code::failed;
}

exit_code exit_code_of_refusal(int error_code) {
  switch (error_code) {
    case error_codes::time_limit:
    case error_codes::executor_lost:
    case error_codes::result_too_large:
      return exit_code_of_failure(error_code);
    case error_codes::cancelled:
      return exit_code::cancelled;
    default:
      return exit_code::usage;
  }
}

}  // namespace

exit_code exit_code_of(const call_outcome& end) {
  switch (end.status) {
    case task_status::completed:
      return end.result.is_error() ? exit_code::tool_error : exit_code::done;
    case task_status::failed:
      return exit_code_of_failure(end.error_code);
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
      return exit_code_of_refusal(why.code());
    case kind::forbidden:
    case kind::gone:
      break;
  }
  return exit_code::usage;
}

}  // namespace longhaul
