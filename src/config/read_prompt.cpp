// SPDX-License-Identifier: Apache-2.0
// `[[prompt]]`: a text with parameters in it.
#include "base/names.hpp"
#include "command/prompt_text.hpp"
#include "config/read_features.hpp"
#include "config/read_tool.hpp"

namespace longhaul::config {
namespace {

class prompt_reader {
 public:
  prompt_reader(const toml::table& table, fault_list& faults)
      : from_(table, called_by("prompt", table, "name"), faults) {}

  command::prompt_spec read() {
    prompt_options& about = prompt_.options;
    if (from_.require("name", "name = \"my_prompt\"")) {
      from_.set("name", about.name);
      if (from_.table()["name"].is_string() && !is_tool_name(about.name)) {
        from_.fail_at("name", "name must be " + tool_name_rule());
      }
    }
    from_.set("title", about.title);
    from_.set("description", about.description);
    read_arguments();
    read_text();
    about.icons = read_icons(from_);
    from_.finish();
    return std::move(prompt_);
  }

 private:
  void read_arguments() {
    const toml::table* params = from_.inner("params");
    if (params == nullptr) return;
    prompt_.parameters = read_parameters(*params, from_.name(), from_.faults());
    sound_ = prompt_.parameters.size() == params->size();
    for (const command::parameter& each : prompt_.parameters) {
      const toml::node& at = *params->get(each.name);
      if (each.repeated) from_.fail(at, "an argument of a prompt is one value, no list");
      if (each.allow_option) from_.fail(at, "allow_option is about commands: leave it out");
    }
  }

  void read_text() {
    if (!from_.require("text", "text = \"Review {file}\"")) return;
    from_.set("text", prompt_.text);
    if (!from_.table()["text"].is_string() || !sound_) return;
    if (prompt_.text.empty()) return from_.fail_at("text", "text must not be empty");
    const command::prompt_text compiled(prompt_.text, prompt_.parameters);
    for (const auto& fault : compiled.faults()) {
      if (fault.parameter.empty()) {
        from_.fail_at("text", "text: " + fault.message);
      } else {
        const toml::table* params = from_.table().get_as<toml::table>("params");
        from_.fail(*params->get(fault.parameter),
                   "parameter " + in_quotes(fault.parameter) + " " + fault.message);
      }
    }
  }

  table_reader from_;
  command::prompt_spec prompt_;
  bool sound_ = true;  // all of its parameters could be read
};

}  // namespace

command::prompt_spec read_prompt(const toml::table& table, fault_list& faults) {
  return prompt_reader(table, faults).read();
}

}  // namespace longhaul::config
