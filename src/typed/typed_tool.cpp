// SPDX-License-Identifier: Apache-2.0
#include "longhaul/typed_tool.hpp"

#include <map>
#include <string>

#include "base/names.hpp"
#include "json/view.hpp"
#include "typed/ecma_pattern.hpp"
#include "typed/option_faults.hpp"
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
  if (options.meta && !json::value(options.meta).is(json::kind::object)) {
    fail(options, "meta must be a JSON object");
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
  if (const auto fault = first_option_fault(options, tool.input_schema, is_coroutine);
      !fault.empty()) {
    fail(options, fault);
  }
  tool.output_schema = options.output_schema ? options.output_schema : std::move(derived_output);
  if (tool.output_schema) check_object_schema(options, tool.output_schema, "output_schema");
  tool.options = std::move(options);
  return tool;
}

}  // namespace longhaul::detail
