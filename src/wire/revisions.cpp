// SPDX-License-Identifier: Apache-2.0
#include "wire/revisions.hpp"

#include <array>
#include <cstddef>

namespace longhaul::wire {
namespace {

// In the order of `revision`, which is the order of time.
constexpr std::array<revision_look, 4> looks = {{
    // The only one with arrays of messages; without structured results, titles, resource links,
    // questions to the user and tasks.
    {.version = revision::v2025_03_26,
     .batches = true,
     .null_error_ids = true,
     .readable_argument_errors = false,
     .features = {.titles = false, .icons = false, .meta = false},
     .tools = {.output_schema = false},
     .results = {.structured_content = result_look::structured::none, .resource_links = false},
     .questions = {.forms = false,
                   .urls = false,
                   .sampling_tools = false,
                   .sampling_context = false,
                   .single_content = true}},

    // Structured results, and questions by form, which it does not call a mode; no tasks.
    {.version = revision::v2025_06_18,
     .null_error_ids = true,
     .readable_argument_errors = false,
     .features = {.icons = false},
     .tools = {.any_output_root = false},
     .results = {.structured_content = result_look::structured::objects},
     .questions = {.urls = false,
                   .sampling_tools = false,
                   .sampling_context = false,
                   .single_content = true,
                   .left_out = "mode"}},

    // Tasks that the client asks for, URLs in questions, and streams that say where they begin.
    // Basic utilities "Tasks", client
    // "Elicitation".
    {.version = revision::v2025_11_25,
     .primed_streams = true,
     .tools = {.any_output_root = false, .task_support = true},
     .results = {.structured_content = result_look::structured::objects},
     .tasks = {.tasks = task_look::dialect::requested,
               .ttl = "ttl",
               .poll_interval = "pollInterval",
               .tool_error_is_failure = true},
     .questions = {.left_out = "elicitationId", .url_ids = true}},

    // Stateless requests, questions inside results, and the tasks extension.
    {.version = revision::v2026_07_28,
     .stateless = true,
     .results = {.lead = R"("resultType":"complete",)"},
     .tasks = {.tasks = task_look::dialect::extension,
               .ttl = "ttlMs",
               .poll_interval = "pollIntervalMs"}},
}};

}  // namespace

const revision_look& look_of(revision version) noexcept {
  return looks[static_cast<std::size_t>(version)];
}

const revision_look& modern_look() noexcept { return look_of(revision::v2026_07_28); }

}  // namespace longhaul::wire
