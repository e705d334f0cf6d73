// SPDX-License-Identifier: Apache-2.0
#include "config/read_tool.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/names.hpp"
#include "command/arguments.hpp"
#include "command/line_progress.hpp"
#include "command/shell_check.hpp"
#include "config/to_json.hpp"
#include "config/units.hpp"
#include "json/view.hpp"
#include "typed/ecma_pattern.hpp"

namespace longhaul::config {
namespace {

namespace fs = std::filesystem;
using command::tool_spec;

bool is_variable_name(std::string_view text) {
  return !text.empty() && text.find_first_of(std::string_view("=\0", 2)) == std::string_view::npos;
}

class tool_reader {
 public:
  tool_reader(const toml::table& table, const read_options& options, fault_list& faults)
      : from_(table, title_of(table), faults), options_(options) {}

  tool_spec read() {
    read_texts();
    if (const toml::table* params = from_.inner("params")) {
      tool_.parameters = read_parameters(*params, from_.name(), from_.faults());
    }
    read_command();
    read_environment();
    read_limits();
    read_behaviour();
    read_progress();
    read_result();
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
        from_.fail_at("name", "name must be " + std::string(tool_name_rule));
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

  // --- the command

  void read_command() {
    tool_.stdin_parameter = read_stdin();
    read_directory();
    if (!from_.require("command", "command = [\"program\", \"{parameter}\"]")) return;
    const toml::node* node = from_.find("command");
    const toml::array* items = node->as_array();
    if (items == nullptr) {
      from_.fail(*node, "command must be an array of strings, as [\"xz\", \"{file}\"], not " +
                            kind_of(*node));
      return;
    }
    bool whole = true;
    for (const toml::node& item : *items) {
      if (const auto* text = item.as_string()) {
        whole &= check_text(from_, item, "command", text->get());
        tool_.command.emplace_back(text->get());
      } else if (const toml::array* group = item.as_array()) {
        whole &= add_group(*group);
      } else {
        from_.fail(item, "command holds " + kind_of(item) + ": write it as a string");
        whole = false;
      }
    }
    if (!whole) return;
    const command::argument_template compiled(tool_.command, tool_.parameters,
                                              tool_.stdin_parameter);
    for (const auto& fault : compiled.faults()) {
      const auto [at, what] = place(fault, *items);
      from_.fail(*at, what);
    }
    for (const auto& warning : compiled.warnings()) {
      const auto [at, what] = place(warning, *items);
      from_.warn(*at, what);
    }
    if (compiled.faults().empty()) find_program(compiled.program(), *items->get(0));
  }

  bool add_group(const toml::array& group) {
    std::vector<std::string> members;
    bool whole = true;
    for (const toml::node& member : group) {
      const auto* text = member.as_string();
      if (text == nullptr) {
        from_.fail(member,
                   "a group in command holds " + kind_of(member) + ": it takes strings only");
        whole = false;
        continue;
      }
      whole &= check_text(from_, member, "command", text->get());
      members.push_back(text->get());
    }
    tool_.command.emplace_back(std::move(members));
    return whole;
  }

  // Where it is, and what is said there.
  std::pair<const toml::node*, std::string> place(const command::template_fault& fault,
                                                  const toml::array& items) const {
    const toml::node* at = &items;
    std::string what = fault.message;
    if (fault.item && *fault.item < items.size()) {
      at = items.get(*fault.item);
      if (fault.member && at->is_array() && *fault.member < at->as_array()->size()) {
        at = at->as_array()->get(*fault.member);
      }
    } else if (fault.standard_input) {
      at = from_.table().get("stdin");
    } else if (!fault.parameter.empty()) {
      const toml::table* params = from_.table().get_as<toml::table>("params");
      const toml::node* one = params != nullptr ? params->get(fault.parameter) : nullptr;
      if (one != nullptr) at = one;
      what = "parameter " + in_quotes(fault.parameter) + " " + what;
    } else {
      what = "command " + what;
    }
    return {at != nullptr ? at : &items, std::move(what)};
  }

  void find_program(const std::string& name, const toml::node& at) {
    const std::string hint = name.find(' ') == std::string::npos
                                 ? ""
                                 : "; each argument is an item of its own: write [" +
                                       command::as_separate_items(name) + "]";
    if (name.find('/') != std::string::npos) {
      tool_.program = (fs::path(options_.folder) / name).lexically_normal().string();
      if (const std::string why = why_not(tool_.program); !why.empty()) {
        from_.fail(at, "the program " + in_quotes(tool_.program) + " " + why + hint);
      }
      return;
    }
    std::string_view left = options_.search_path;
    while (!left.empty()) {
      const std::string_view folder = left.substr(0, left.find(':'));
      left.remove_prefix(std::min(left.size(), folder.size() + 1));
      if (folder.empty() || folder.front() != '/') continue;
      const std::string path = (fs::path(folder) / name).string();
      if (!why_not(path).empty()) continue;
      tool_.program = path;
      return;
    }
    from_.fail(at, "there is no program " + in_quotes(name) + " in the folders of PATH (" +
                       std::string(options_.search_path) + ")" +
                       (hint.empty() ? ": install it, or write its path" : hint));
  }

  static std::string why_not(const std::string& path) {
    std::error_code error;
    const auto status = fs::status(path, error);
    if (!fs::exists(status)) return "does not exist";
    if (fs::is_directory(status)) return "is a folder";
    if (::access(path.c_str(), X_OK) != 0) return "is not executable: chmod +x it";
    return {};
  }

  std::string read_stdin() {
    const auto text = from_.text("stdin");
    if (!text) return {};
    if (text->size() > 2 && text->front() == '{' && text->back() == '}') {
      return text->substr(1, text->size() - 2);
    }
    from_.fail_at("stdin", "stdin must name one parameter, as \"{text}\", not " + in_quotes(*text));
    return {};
  }

  void read_directory() {
    const auto given = from_.text("directory");
    const fs::path folder = fs::path(options_.folder) / given.value_or("");
    tool_.directory = folder.lexically_normal().string();
    std::error_code error;
    if (given && !fs::is_directory(folder, error)) {
      from_.fail_at("directory", "the directory " + in_quotes(tool_.directory) + " does not exist");
    }
  }

  void read_environment() {
    if (auto names = from_.texts("environment")) {
      for (const std::string& name : *names) {
        if (!is_variable_name(name)) {
          from_.fail_at("environment", in_quotes(name) +
                                           " is not the name of a variable; set variables in "
                                           "[tool.env]");
        }
      }
      tool_.pass_environment = std::move(*names);
    }
    const toml::table* own = from_.inner("env");
    if (own == nullptr) return;
    for (const auto& [key, value] : *own) {
      const auto* text = value.as_string();
      if (!is_variable_name(key.str()) || key.str().starts_with("LONGHAUL_")) {
        from_.faults().add(key.source().begin, from_.name() + ": " + in_quotes(key.str()) +
                                                   " cannot be the name of a variable here");
      } else if (text == nullptr) {
        from_.fail(value,
                   "env." + std::string(key.str()) + " must be a string, not " + kind_of(value));
      } else if (check_text(from_, value, "env." + std::string(key.str()), text->get())) {
        tool_.environment.emplace_back(key.str(), text->get());
      }
    }
  }

  // --- how it runs

  void read_limits() {
    tool_options& options = tool_.options;
    const auto positive = [&](std::string_view key) {
      auto given = from_.duration(key);
      if (given && given->count() == 0) {
        from_.fail_at(key,
                      std::string(key) + " must be more than nothing; leave it out for no limit");
      }
      return given;
    };
    options.attempt_limit = positive("attempt_limit");
    options.overall_limit = positive("overall_limit");
    options.answer_within = positive("answer_within");
    if (const auto given = from_.duration_or_unlimited("retention")) {
      if (*given) options.retention = *given;
      if (!*given) options.retention = milliseconds::max();
    }
    from_.set("inline_wait", options.inline_wait);
    options.poll_interval = positive("poll_interval").value_or(options.poll_interval);
    from_.renamed("concurrency", "max_running");
    from_.set_count("max_running", options.max_running, 1, 1'000'000);
    if (const auto given = from_.integer("max_attempts", 1, 1'000'000)) {
      options.max_attempts = static_cast<std::uint32_t>(*given);
    }
    from_.set("retry_backoff", options.retry_backoff);
    from_.set_bytes("output_limit", tool_.output_limit);
    from_.set("stop_grace", tool_.stop_grace);
    if (tool_.stop_grace > command::longest_stop_grace) {
      from_.fail_at("stop_grace", "stop_grace must be 24 h at most");
    }
  }

  void read_behaviour() {
    tool_options& options = tool_.options;
    if (const auto crash = from_.word("on_crash", {"fail", "rerun"})) {
      options.on_crash = *crash == 0 ? on_crash::fail : on_crash::rerun;
    }
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
    from_.set_count("result_lines", tool_.result_lines, 1, 100'000);
    constexpr std::uint64_t longest = std::uint64_t{16} << 20;
    if (const auto limit = from_.size("result_limit", 1)) {
      if (*limit > longest)
        from_.fail_at("result_limit",
                      "result_limit must be at most 16MiB: the rest can be read as a resource");
      tool_.result_limit = static_cast<std::size_t>(*limit);
    }
    read_output_schema();
    const toml::node* codes = from_.find("success");
    if (codes == nullptr) return;
    tool_.success.clear();
    const toml::array* all = codes->as_array();
    if (all == nullptr || all->empty()) {
      return from_.fail(*codes, "success must be an array of exit codes, as [0, 1]");
    }
    for (const toml::node& one : *all) {
      const auto* code = one.as_integer();
      if (code == nullptr || code->get() < 0 || code->get() > 255) {
        from_.fail(one, "success holds exit codes from 0 to 255");
      } else {
        tool_.success.push_back(static_cast<int>(code->get()));
      }
    }
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

  table_reader from_;
  const read_options& options_;
  tool_spec tool_;
};

}  // namespace

tool_spec read_tool(const toml::table& table, const read_options& options, fault_list& faults) {
  return tool_reader(table, options, faults).read();
}

}  // namespace longhaul::config
