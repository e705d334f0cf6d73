// SPDX-License-Identifier: Apache-2.0
#include "typed/option_faults.hpp"

#include "typed/key_template.hpp"

namespace longhaul::detail {
namespace {

using std::chrono::milliseconds;

class option_check {
 public:
  option_check(const tool_options& options, bool is_coroutine)
      : options_(options), is_coroutine_(is_coroutine) {}

  std::vector<option_fault> run() {
    times();
    if (options_.max_attempts == 0) note("max_attempts", "must be at least 1");
    retries();
    if (options_.unique_for.count() > 0 && !options_.unique) {
      note("unique_for", "is for tools that are unique");
    }
    if (!options_.concurrency_key.empty() && options_.concurrency == 0) {
      note("concurrency_key", "says what concurrency is counted by, which is not given");
    }
    if (options_.concurrency > 0 && options_.external) {
      note("concurrency", "is not for external tools: their work runs elsewhere");
    }
    if (options_.stall_limit && options_.external) {
      note("stall_limit", "is not for external tools: nothing is known of work done elsewhere");
    }
    quickness();
    return std::move(found_);
  }

 private:
  void times() {
    positive(options_.attempt_limit, "attempt_limit");
    positive(options_.overall_limit, "overall_limit");
    positive(options_.answer_within, "answer_within");
    positive(options_.stall_limit, "stall_limit");
    positive(options_.expected, "expected");
    not_negative(options_.retention, "retention");
    not_negative(options_.inline_wait, "inline_wait");
    not_negative(options_.retry_backoff, "retry_backoff");
    not_negative(options_.retry_backoff_max, "retry_backoff_max");
    not_negative(options_.unique_for, "unique_for");
    not_negative(options_.poll_interval, "poll_interval");
  }

  void retries() {
    const retry_on which = options_.retry_on;
    if (which == retry_on::nothing) return;
    if (options_.external) {
      note("retry_on", "is not for external tools: whoever does their work tries again");
    }
    if (which == retry_on::any) return;
    if (includes(which, retry_on::timeout) && !options_.attempt_limit) {
      note("retry_on", "has timeout, which takes an attempt_limit");
    }
    if (includes(which, retry_on::stall) && !options_.stall_limit) {
      note("retry_on", "has stall, which takes a stall_limit");
    }
  }

  void quickness() {
    if (!options_.quick) return;
    if (!is_coroutine_) {
      note("quick", "is for coroutine handlers: others block");
    } else if (options_.policy != task_policy::never || options_.external) {
      note("quick", "is for tools with the policy never that end by themselves");
    } else if (options_.retry_on != retry_on::nothing || options_.unique ||
               options_.concurrency > 0 || options_.stall_limit) {
      note("quick", "is for tools without retry_on, unique, concurrency and stall_limit");
    }
  }

  void positive(const std::optional<milliseconds>& given, std::string_view option) {
    if (given && given->count() <= 0) note(option, "must be longer than nothing");
  }
  void not_negative(const std::optional<milliseconds>& given, std::string_view option) {
    if (given && given->count() < 0) note(option, "is negative");
  }
  void note(std::string_view option, std::string_view problem) {
    found_.push_back({option, std::string(option).append(" ").append(problem)});
  }

  const tool_options& options_;
  const bool is_coroutine_;
  std::vector<option_fault> found_;
};

}  // namespace

std::vector<option_fault> option_faults(const tool_options& options, bool is_coroutine) {
  return option_check(options, is_coroutine).run();
}

std::string first_option_fault(const tool_options& options, const raw_json& input_schema,
                               bool is_coroutine) {
  const auto found = option_faults(options, is_coroutine);
  if (!found.empty()) return found.front().problem;
  const std::string fault = key_template_fault(options.concurrency_key, input_schema);
  return fault.empty() ? fault : "concurrency_key: " + fault;
}

}  // namespace longhaul::detail
