// SPDX-License-Identifier: Apache-2.0
#include "config/read_tool.hpp"

#include <array>

#include "base/names.hpp"
#include "config/read_features.hpp"
#include "typed/option_faults.hpp"

namespace longhaul::config {
namespace {

using command::tool_spec;

class tool_reader {
 public:
  tool_reader(const toml::table& table, const read_options& options, fault_list& faults)
      : from_(table, title_of(table), faults), options_(options) {}

  tool_spec read() {
    read_texts();
    if (const toml::table* params = from_.inner("params")) {
      tool_.parameters = read_parameters(*params, from_.name(), from_.faults());
    }
    read_command(from_, options_, tool_);
    const std::size_t faults_before = from_.faults().size();
    read_limits();
    read_behaviour();
    read_output(from_, tool_);
    read_queue(from_, tool_);
    if (from_.faults().size() == faults_before) check_options();
    tool_.options.icons = read_icons(from_);
    from_.finish();
    return std::move(tool_);
  }

 private:
  static std::string title_of(const toml::table& table) {
    const auto* name = table.get_as<std::string>("name");
    return name != nullptr ? "[[tool]] " + in_quotes(name->get()) : "[[tool]]";
  }

  void read_texts() {
    tool_options& options = tool_.options;
    if (from_.require("name", "name = \"my_tool\"")) {
      const auto name = from_.text("name");
      if (name && !is_tool_name(*name)) {
        from_.fail_at("name", "name must be " + tool_name_rule());
      } else if (name) {
        const std::string why = detail::name_warning(*name);
        if (!why.empty()) from_.warn(*from_.find("name"), "the name " + why);
      }
      options.name = name.value_or("");
    }
    options.title = from_.text("title").value_or("");
    if (from_.require("description", "description = \"what it does, and when to use it\"")) {
      const auto description = from_.text("description");
      if (description && description->empty()) {
        from_.fail_at("description", "description must not be empty: models choose tools by it");
      }
      options.description = description.value_or("");
    }
  }

  void read_limits() {
    tool_options& options = tool_.options;
    options.attempt_limit = from_.limit("attempt_limit");
    options.overall_limit = from_.limit("overall_limit");
    options.answer_within = from_.limit("answer_within");
    if (const auto given = from_.duration_or_unlimited("retention")) {
      if (*given) options.retention = *given;
      if (!*given) options.retention = milliseconds::max();
    }
    from_.set("inline_wait", options.inline_wait);
    options.poll_interval = from_.limit("poll_interval");
    from_.set_bytes("output_limit", tool_.output_limit);
    read_stop_grace(from_, tool_);
    from_.set("rate", tool_.rate);
  }

  void read_behaviour() {
    tool_options& options = tool_.options;
    if (const auto policy = from_.word("policy", {"never", "auto", "always"}, {"automatic"})) {
      constexpr std::array all = {task_policy::never, task_policy::automatic, task_policy::always,
                                  task_policy::automatic};
      options.policy = all[*policy];
    }
    from_.set("links", options.links);
    from_.set("strict_arguments", options.strict_arguments);
    if (const toml::table* given = from_.inner("annotations")) {
      table_reader hints(*given, from_.name() + " annotations", from_.faults());
      options.annotations.read_only = hints.boolean("read_only");
      options.annotations.destructive = hints.boolean("destructive");
      options.annotations.idempotent = hints.boolean("idempotent");
      options.annotations.open_world = hints.boolean("open_world");
      hints.finish();
    }
  }

  // What contradicts something else.
  void check_options() {
    for (const auto& fault : detail::option_faults(tool_.options, true)) {
      from_.fail_at(fault.option, fault.problem);
    }
  }

  table_reader from_;
  const read_options& options_;
  tool_spec tool_;
};

}  // namespace

tool_spec read_tool(const toml::table& table, const read_options& options, fault_list& faults) {
  return tool_reader(table, options, faults).read();
}

}  // namespace longhaul::config
