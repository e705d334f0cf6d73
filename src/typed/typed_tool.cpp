// SPDX-License-Identifier: Apache-2.0
#include "longhaul/typed_tool.hpp"

#include <map>
#include <string>

#include "base/names.hpp"
#include "json/view.hpp"
#include "typed/ecma_pattern.hpp"
#include "typed/quick_fault.hpp"
#include "typed/rules.hpp"

namespace longhaul::detail {
namespace {

[[noreturn]] void fail(const tool_options& options, const std::string& problem) {
  throw std::invalid_argument("tool " + in_quotes(options.name) + ": " + problem);
}

void check_object_schema(const tool_options& options, const raw_json& schema,
                         const std::string& which) {
  if (!json::value(schema)["type"].equals("object")) {
    fail(options, which + R"( must be an object schema: {"type":"object",…})");
  }
  try {
    check_patterns_of(schema);
  } catch (const std::invalid_argument& e) {
    fail(options, which + ": " + e.what());
  }
}

void check_limits(const tool_options& options) {
  const auto positive = [&](const auto& limit, const std::string& which) {
    if (limit && limit->count() <= 0) fail(options, which + " must be longer than nothing");
  };
  positive(options.attempt_limit, "attempt_limit");
  positive(options.overall_limit, "overall_limit");
  positive(options.answer_within, "answer_within");
  if (options.retention && options.retention->count() < 0) fail(options, "retention is negative");
  if (options.inline_wait.count() < 0) fail(options, "inline_wait is negative");
  if (options.retry_backoff.count() < 0) fail(options, "retry_backoff is negative");
  if (options.poll_interval.count() < 0) fail(options, "poll_interval is negative");
  if (options.max_attempts == 0) fail(options, "max_attempts must be at least 1");
}

call_arguments accept_raw_arguments(const raw_json& given, const raw_json& schema,
                                    const argument_leniency& how) {
  raw_json meant = tidy_raw_arguments(given, schema, how);
  if (meant) (void)from_json<std::map<std::string, raw_json>>(meant, "arguments");
  return meant;
}

}  // namespace

tool_definition define_tool(tool_options options, const std::optional<typed_schema>& schema,
                            raw_json derived_output, bool is_coroutine) {
  if (!is_tool_name(options.name)) {
    fail(options, "a name has " + tool_name_rule());
  }
  check_limits(options);
  if (options.meta && !json::value(options.meta).is(json::kind::object)) {
    fail(options, "meta must be a JSON object");
  }
  if (const auto fault = quick_fault(options, is_coroutine); !fault.empty()) {
    fail(options, std::string(fault));
  }
  tool_definition tool;
  if (schema) {
    if (options.input_schema) {
      fail(options, "input_schema is for handlers of raw JSON; here it follows from the arguments");
    }
    tool.input_schema = schema->text();
  } else {
    if (!options.fields.empty()) fail(options, "fields are for handlers of described structs");
    tool.input_schema =
        options.input_schema ? options.input_schema : raw_json::trusted(R"({"type":"object"})");
    check_object_schema(options, tool.input_schema, "input_schema");
    tool.accept = [own = tool.input_schema](const raw_json& given, const argument_leniency& how) {
      return accept_raw_arguments(given, own, how);
    };
  }
  tool.output_schema = options.output_schema ? options.output_schema : std::move(derived_output);
  if (tool.output_schema) check_object_schema(options, tool.output_schema, "output_schema");
  tool.options = std::move(options);
  return tool;
}

}  // namespace longhaul::detail
