// SPDX-License-Identifier: Apache-2.0
// What becomes of a tool's output: progress that is found in it, and the result.
#include <array>

#include "command/line_progress.hpp"
#include "config/read_tool.hpp"
#include "config/to_json.hpp"
#include "config/tunables.hpp"
#include "json/view.hpp"
#include "typed/ecma_pattern.hpp"

namespace longhaul::config {
namespace {

class output_reader {
 public:
  output_reader(table_reader& from, command::tool_spec& tool) : from_(from), tool_(tool) {}

  void read() {
    read_progress();
    read_result();
    read_exit_codes(from_, "success", tool_.success);
  }

 private:
  void read_progress() {
    const toml::node* node = from_.find("progress");
    if (node == nullptr) return;
    if (const toml::array* all = node->as_array()) {
      for (const toml::node& one : *all) add_pattern(one);
    } else {
      add_pattern(*node);
    }
  }

  void add_pattern(const toml::node& node) {
    command::progress_pattern pattern;
    const toml::node* at = &node;
    if (const auto* text = node.as_string()) {
      pattern.expression = text->get();
    } else if (const toml::table* table = node.as_table()) {
      table_reader from(*table, from_.name() + " progress", from_.faults());
      if (!from.require("pattern", "pattern = '(?P<percent>[0-9.]+)%'")) return from.finish();
      const auto expression = from.text("pattern");
      if (const auto stream = from.word("from", {"stdout", "stderr"})) {
        pattern.from = *stream == 0 ? command::stream::out : command::stream::err;
      }
      from.finish();
      if (!expression) return;
      pattern.expression = *expression;
      at = table->get("pattern");
    } else {
      return from_.fail(
          node, "progress must be a pattern, a table { pattern, from }, or an array of them, not " +
                    kind_of(node));
    }
    if (const auto wrong = command::check_progress_pattern(pattern)) {
      return from_.fail(*at, "progress: the pattern " + *wrong);
    }
    tool_.progress.push_back(std::move(pattern));
  }

  void read_result() {
    if (const auto form = from_.word("result", {"text", "json", "lines"})) {
      constexpr std::array all = {command::result_form::text, command::result_form::json,
                                  command::result_form::lines};
      tool_.result = all[*form];
    }
    from_.set_count("result_lines", tool_.result_lines, 1, tunables::max_result_lines);
    if (const auto limit = from_.size("result_limit", 1)) {
      if (*limit > defaults::max_result_limit) {
        from_.fail_at("result_limit",
                      "result_limit must be at most " +
                          std::to_string(defaults::max_result_limit / defaults::mib) +
                          "MiB: the rest can be read as a resource");
      }
      tool_.result_limit = static_cast<std::size_t>(*limit);
    }
    read_output_schema();
  }

  // A table, or the text of one in JSON.
  void read_output_schema() {
    const toml::node* node = from_.find("output_schema");
    if (node == nullptr) return;
    if (tool_.result != command::result_form::json) {
      return from_.fail(*node, "output_schema is for result = \"json\"");
    }
    const auto* text = node->as_string();
    std::string schema = text != nullptr ? text->get() : "";
    if (text == nullptr) append_json(schema, *node);
    try {
      tool_.options.output_schema = raw_json::parse(schema);
      if (!json::value(tool_.options.output_schema)["type"].equals("object")) {
        return from_.fail(*node, "output_schema must have type = \"object\"");
      }
      detail::check_patterns_of(tool_.options.output_schema);
    } catch (const std::invalid_argument& e) {
      from_.fail(*node, std::string("output_schema: ") + e.what());
    }
  }

  table_reader& from_;
  command::tool_spec& tool_;
};

}  // namespace

void read_output(table_reader& from, command::tool_spec& tool) { output_reader(from, tool).read(); }

}  // namespace longhaul::config
