// SPDX-License-Identifier: Apache-2.0
// The command of a tool or another feature: its arguments, the program that they name, what it
// starts with and how it ends.
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "command/arguments.hpp"
#include "command/shell_check.hpp"
#include "command/tunables.hpp"
#include "config/read_tool.hpp"

namespace longhaul::config {
namespace {

namespace fs = std::filesystem;

bool is_variable_name(std::string_view text) {
  return !text.empty() && text.find_first_of(std::string_view("=\0", 2)) == std::string_view::npos;
}

class command_reader {
 public:
  command_reader(table_reader& from, const read_options& options, command::program_spec& program)
      : from_(from), options_(options), program_(program) {}

  /// Parameters that the command does not use are left out, and no fault.
  void drop_unused() { drops_unused_ = true; }

  void read() {
    program_.stdin_parameter = read_stdin();
    read_directory();
    read_arguments();
    read_environment();
  }

 private:
  void read_arguments() {
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
        program_.command.emplace_back(text->get());
      } else if (const toml::array* group = item.as_array()) {
        whole &= add_group(*group);
      } else {
        from_.fail(item, "command holds " + kind_of(item) + ": write it as a string");
        whole = false;
      }
    }
    if (!whole) return;
    const command::argument_template compiled(program_.command, program_.parameters,
                                              program_.stdin_parameter);
    bool sound = true;
    for (const auto& fault : compiled.faults()) {
      if (drops_unused_ && !fault.parameter.empty()) {
        std::erase_if(program_.parameters,
                      [&](const auto& one) { return one.name == fault.parameter; });
        continue;
      }
      sound = false;
      const auto [at, text] = place(fault, *items);
      from_.fail(*at, text);
    }
    for (const auto& warning : compiled.warnings()) {
      const auto [at, text] = place(warning, *items);
      from_.warn(*at, text);
    }
    if (sound) find_program(compiled.program(), *items->get(0));
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
    program_.command.emplace_back(std::move(members));
    return whole;
  }

  // Where it is, and what is said there.
  std::pair<const toml::node*, std::string> place(const command::template_fault& fault,
                                                  const toml::array& items) const {
    const toml::node* at = &items;
    std::string text = fault.message;
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
      text = "parameter " + in_quotes(fault.parameter) + " " + text;
    } else {
      text = "command " + text;
    }
    return {at != nullptr ? at : &items, std::move(text)};
  }

  void find_program(const std::string& name, const toml::node& at) {
    const std::string hint = name.find(' ') == std::string::npos
                                 ? ""
                                 : "; each argument is an item of its own: write [" +
                                       command::as_separate_items(name) + "]";
    if (name.find('/') != std::string::npos) {
      program_.program = (fs::path(options_.folder) / name).lexically_normal().string();
      if (const std::string why = why_not(program_.program); !why.empty()) {
        from_.fail(at, "the program " + in_quotes(program_.program) + " " + why + hint);
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
      program_.program = path;
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
    program_.directory = folder.lexically_normal().string();
    std::error_code error;
    if (given && !fs::is_directory(folder, error)) {
      from_.fail_at("directory",
                    "the directory " + in_quotes(program_.directory) + " does not exist");
    }
  }

  void read_environment() {
    if (auto names = from_.texts("environment")) {
      for (const std::string& name : *names) {
        if (!is_variable_name(name)) {
          from_.fail_at("environment", in_quotes(name) +
                                           " is not the name of a variable; set variables in "
                                           "the table env");
        }
      }
      program_.pass_environment = std::move(*names);
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
        program_.environment.emplace_back(key.str(), text->get());
      }
    }
  }

  table_reader& from_;
  const read_options& options_;
  command::program_spec& program_;
  bool drops_unused_ = false;
};

}  // namespace

void read_command(table_reader& from, const read_options& options, command::program_spec& program) {
  command_reader(from, options, program).read();
}

void read_completing_command(table_reader& from, const read_options& options,
                             command::program_spec& program) {
  command_reader reader(from, options, program);
  reader.drop_unused();
  reader.read();
}

void read_stop_grace(table_reader& from, command::program_spec& program) {
  from.set("stop_grace", program.stop_grace);
  constexpr auto longest = command::tunables::max_stop_grace;
  if (program.stop_grace <= longest) return;
  constexpr auto hours = std::chrono::duration_cast<std::chrono::hours>(longest).count();
  from.fail_at("stop_grace", "stop_grace must be " + std::to_string(hours) + " h at most");
}

void read_exit_codes(table_reader& from, std::string_view key, std::vector<int>& into) {
  const toml::node* codes = from.find(key);
  if (codes == nullptr) return;
  into.clear();
  const toml::array* all = codes->as_array();
  if (all == nullptr || all->empty()) {
    return from.fail(*codes, std::string(key) + " must be an array of exit codes, as [0, 1]");
  }
  for (const toml::node& one : *all) {
    const auto* code = one.as_integer();
    if (code == nullptr || code->get() < 0 || code->get() > 255) {
      from.fail(one, std::string(key) + " holds exit codes from 0 to 255");
    } else {
      into.push_back(static_cast<int>(code->get()));
    }
  }
}

}  // namespace longhaul::config
