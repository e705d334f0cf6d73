// SPDX-License-Identifier: Apache-2.0
// Revision 2025-03-26: the only one with arrays of messages; without structured results, titles,
// resource links, elicitation and tasks.
#include "wire/legacy.hpp"

namespace longhaul::wire {
namespace {

class dialect final : public legacy_dialect {
 public:
  dialect()
      : legacy_dialect({.version = revision::v2025_03_26,
                        .batches = true,
                        .null_error_ids = true,
                        .readable_argument_errors = false,
                        .titles = false,
                        .tools = {.title = false, .output_schema = false},
                        .results = {.structured_content = result_look::structured::none,
                                    .resource_links = false}}) {}

  serving::question_modes modes_in(json::value) const override { return {}; }

  std::string question(const service& shared, const task_record& task, const task_input& input,
                       int round, std::string_view) const override {
    // Never asked: no client of this revision declares that it can be.
    return question_message(shared.questions.make(task.id(), input.key, round),
                            json::value(input.request), {}, {}, {});
  }
};

}  // namespace

const legacy_dialect& legacy_2025_03_26() {
  static const dialect only;
  return only;
}

}  // namespace longhaul::wire
