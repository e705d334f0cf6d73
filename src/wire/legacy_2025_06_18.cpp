// SPDX-License-Identifier: Apache-2.0
// Revision 2025-06-18: structured results and elicitation by form, which it does not call a mode;
// no tasks.
#include "wire/legacy.hpp"
#include "wire/modern_tasks.hpp"

namespace longhaul::wire {
namespace {

class dialect final : public legacy_dialect {
 public:
  dialect()
      : legacy_dialect({.version = revision::v2025_06_18,
                        .null_error_ids = true,
                        .readable_argument_errors = false,
                        .tools = {.any_output_root = false},
                        .results = {.structured_content = result_look::structured::objects}}) {}

  serving::question_modes modes_in(json::value capabilities) const override {
    return question_modes_in(capabilities, false);
  }

  std::string question(const service& shared, const task_record& task, const task_input& input,
                       int round, std::string_view meta) const override {
    return question_message(shared.questions.make(task.id(), input.key, round),
                            json::value(input.request), "mode", {}, meta);
  }
};

}  // namespace

const legacy_dialect& legacy_2025_06_18() {
  static const dialect only;
  return only;
}

}  // namespace longhaul::wire
