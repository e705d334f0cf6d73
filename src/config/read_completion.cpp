// SPDX-License-Identifier: Apache-2.0
// `[[completion]]`: suggestions for a parameter of a prompt, or a variable of a template, from a
// list or a command.
#include <algorithm>
#include <optional>
#include <string_view>

#include "command/parameter.hpp"
#include "config/read_features.hpp"
#include "config/read_tool.hpp"

namespace longhaul::config {
namespace {

using command::parameter;

/// What has the parameter that is completed.
struct completed_feature {
  const std::vector<parameter>* parameters = nullptr;
  command::completion_specs* completions = nullptr;
};

class completion_reader {
 public:
  completion_reader(const toml::table& table, const read_options& options, serve_config& config,
                    fault_list& faults)
      : from_(table, called_by("completion", table, "parameter"), faults),
        options_(options),
        config_(config) {}

  void read() {
    const auto feature = find_feature();
    std::string name;
    if (from_.require("parameter", "parameter = \"name\"")) from_.set("parameter", name);
    if (!feature || name.empty() || !knows(*feature, name)) return;  // one fault is enough
    command::completion_spec completion;
    read_values(completion, *feature->parameters);
    if (!feature->completions->try_emplace(name, std::move(completion)).second) {
      from_.fail_at("parameter", "there is a [[completion]] for it already");
    }
    from_.finish();
  }

 private:
  // Null: a fault.
  std::optional<completed_feature> find_feature() {
    const toml::node* prompt = from_.find("prompt");
    const toml::node* resource = from_.find("resource");
    if ((prompt == nullptr) == (resource == nullptr)) {
      from_.fail(resource != nullptr ? *resource : from_.table(),
                 "it belongs to a prompt or a template: write prompt = \"name\" or resource = "
                 "\"notes://{name}\"");
      return std::nullopt;
    }
    return prompt != nullptr ? find_prompt() : find_template();
  }

  std::optional<completed_feature> find_prompt() {
    const auto name = from_.text("prompt");
    if (!name) return std::nullopt;
    for (command::prompt_spec& one : config_.prompts) {
      if (one.options.name == *name) return completed_feature{&one.parameters, &one.completions};
    }
    std::vector<std::string_view> known;
    known.reserve(config_.prompts.size());
    for (const command::prompt_spec& one : config_.prompts) known.push_back(one.options.name);
    from_.fail_at("prompt", "there is no prompt" + detail::unknown_name(known, *name));
    return std::nullopt;
  }

  std::optional<completed_feature> find_template() {
    const auto uri = from_.text("resource");
    if (!uri) return std::nullopt;
    std::vector<std::string_view> known;
    for (command::resource_spec& one : config_.resources) {
      if (!one.is_template) continue;
      if (one.options.uri == *uri && one.program) {
        return completed_feature{&one.program->parameters, &one.completions};
      }
      known.push_back(one.options.uri);
    }
    from_.fail_at("resource", "there is no template" + detail::unknown_name(known, *uri));
    return std::nullopt;
  }

  bool knows(const completed_feature& feature, const std::string& name) {
    if (std::ranges::find(*feature.parameters, name, &parameter::name) !=
        feature.parameters->end()) {
      return true;
    }
    from_.fail_at("parameter",
                  "there is no parameter" + command::unknown_parameter(*feature.parameters, name));
    return false;
  }

  // `parameters`: of the prompt or the template.
  void read_values(command::completion_spec& into, const std::vector<parameter>& parameters) {
    const toml::node* values = from_.find("values");
    const toml::node* program = from_.find("command");
    if ((values == nullptr) == (program == nullptr)) {
      from_.fail(program != nullptr ? *program : from_.table(),
                 "suggestions are a list or a command's: write values = [\"one\", \"two\"] or "
                 "command = [\"program\"]");
    } else if (values != nullptr) {
      into.values = from_.texts("values").value_or(into.values);
      if (values->is_array() && values->as_array()->empty()) {
        from_.fail(*values, "values must name at least one");
      }
    } else {
      read_program(into, parameters);
    }
  }

  // What is typed may be anything yet.
  void read_program(command::completion_spec& into, const std::vector<parameter>& parameters) {
    command::program_spec program;
    const bool allow_option = from_.boolean("allow_option").value_or(false);
    for (const parameter& each : parameters) {
      program.parameters.push_back(
          {.name = each.name, .allow_option = allow_option || each.allow_option});
    }
    read_completing_command(from_, options_, program);
    read_exit_codes(from_, "success", program.success);
    read_stop_grace(from_, program);
    into.program = std::move(program);
  }

  table_reader from_;
  const read_options& options_;
  serve_config& config_;
};

}  // namespace

void read_completion(const toml::table& table, const read_options& options, serve_config& config,
                     fault_list& faults) {
  completion_reader(table, options, config, faults).read();
}

}  // namespace longhaul::config
