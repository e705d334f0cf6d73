// SPDX-License-Identifier: Apache-2.0
// `[[resource]]`: a text, a file or what a command prints, under an address; or, under a template
// of addresses, what a command prints for the variables.
#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/uri_template.hpp"
#include "command/check_parameter.hpp"
#include "config/read_features.hpp"
#include "config/read_tool.hpp"

namespace longhaul::config {
namespace {

using command::parameter;
using command::resource_spec;

// Of captured output, which the server itself has.
constexpr std::string_view own_scheme = "longhaul:";

class resource_reader {
 public:
  resource_reader(const toml::table& table, const read_options& options, fault_list& faults)
      : from_(table, called_by("resource", table, "uri"), faults), options_(options) {}

  resource_spec read() {
    read_address();
    resource_options& about = resource_.options;
    from_.set("name", about.name);
    if (about.name.empty()) about.name = about.uri;
    from_.set("title", about.title);
    from_.set("description", about.description);
    from_.set("mime_type", about.mime_type);
    read_annotations();
    read_caching();
    about.icons = read_icons(from_);
    read_source();
    from_.finish();
    return std::move(resource_);
  }

 private:
  void read_address() {
    if (!from_.require("uri", "uri = \"notes://today\"")) return;
    const auto uri = from_.text("uri");
    if (!uri) return;
    resource_.options.uri = *uri;
    resource_.is_template = uri->find('{') != std::string::npos;
    if (uri->starts_with(own_scheme)) {
      from_.fail_at("uri", "uri must not begin with " + std::string(own_scheme) +
                               ", which is the server's own: captured output lies there");
    } else if (!resource_.is_template && !is_resource_uri(*uri)) {
      from_.fail_at("uri", "uri must be absolute, as \"notes://today\", without white space, not " +
                               in_quotes(*uri));
    } else if (resource_.is_template) {
      try {
        variables_ = uri_template(*uri).names();
      } catch (const std::invalid_argument& e) {
        from_.fail_at("uri", e.what());
      }
    }
  }

  void read_annotations() {
    const toml::table* given = from_.inner("annotations");
    if (given == nullptr) return;
    table_reader hints(*given, from_.name() + " annotations", from_.faults());
    content_annotations& into = resource_.options.annotations;
    hints.set("audience", into.audience);
    const auto known = [](const std::string& one) { return one == "user" || one == "assistant"; };
    if (!std::ranges::all_of(into.audience, known)) {
      hints.fail_at("audience", R"(audience holds "user" and "assistant")");
    }
    if (const auto priority = hints.number("priority")) {
      if (!(*priority >= 0 && *priority <= 1)) {
        hints.fail_at("priority", "priority must be a number from 0 to 1");
      }
      into.priority = static_cast<double>(*priority);
    }
    hints.set("last_modified", into.last_modified);
    hints.finish();
  }

  // A duration, or a table that says more.
  void read_caching() {
    const toml::node* node = from_.find("caching");
    if (node == nullptr) return;
    caching& into = resource_.options.caching;
    const toml::table* table = node->as_table();
    if (table == nullptr) return from_.set("caching", into.fresh);
    table_reader from(*table, from_.name() + " caching", from_.faults());
    if (from.require("fresh", "fresh = \"60s\"")) from.set("fresh", into.fresh);
    from.set("for_everybody", into.for_everybody);
    from.finish();
  }

  void read_source() {
    const toml::node* first = nullptr;
    for (const char* key : {"text", "file", "command"}) {
      const toml::node* node = from_.find(key);
      if (node == nullptr) continue;
      if (first != nullptr) {
        return from_.fail(*node, "text, file and command exclude each other: leave one of them");
      }
      first = node;
    }
    if (first == nullptr) {
      return from_.fail(from_.table(),
                        "there is nothing to read: write text = \"…\", file = \"path\" or command "
                        "= [\"program\"]");
    }
    if (from_.find("command") == first) return read_program();
    if (resource_.is_template) return refuse_variables(*first);
    if (from_.find("text") == first) {
      resource_.text = from_.text("text");
    } else {
      read_size_limit();
      read_file();
    }
  }

  void refuse_variables(const toml::node& at) {
    const std::string example =
        variables_.empty() ? std::string("{name}") : "{" + variables_.front() + "}";
    from_.fail(at,
               "the address is a template, which needs a command: write command = [\"cat\", "
               "\"--\", \"folder/" +
                   example + "\"]");
  }

  void read_size_limit() {
    const auto limit = from_.size("size_limit", 1);
    if (!limit) return;
    if (*limit > defaults::max_result_limit) {
      from_.fail_at("size_limit", "size_limit must be at most " +
                                      std::to_string(defaults::max_result_limit / defaults::mib) +
                                      "MiB: hosts read a resource as a whole");
    }
    resource_.size_limit = static_cast<std::size_t>(*limit);
  }

  // The operator's word leads where it leads now; what becomes a link later is not followed.
  void read_file() {
    namespace fs = std::filesystem;
    const auto given = from_.text("file");
    if (!given) return;
    const fs::path path = fs::path(options_.folder) / *given;
    const std::string shown = in_quotes(path.lexically_normal().string());
    std::error_code error;
    const fs::path folder = fs::canonical(path.parent_path(), error);
    if (error || !path.has_filename()) {
      return from_.fail_at("file", error ? "the folder of the file " + shown + " does not exist"
                                         : "the file " + shown + " is a folder");
    }
    const fs::path whole = folder / path.filename();
    resource_.file = whole.string();
    const auto status = fs::symlink_status(whole, error);
    if (fs::is_symlink(status)) {
      const fs::path target = fs::weakly_canonical(whole, error);
      from_.fail_at("file", "the file " + shown + " is a symbolic link, which may lead elsewhere " +
                                "tomorrow: write " + in_quotes(target.string()));
    } else if (!fs::exists(status)) {
      from_.warn(*from_.find("file"), "the file " + shown + " does not exist yet");
    } else if (!fs::is_regular_file(status)) {
      from_.fail_at("file", "the file " + shown + " is " +
                                (fs::is_directory(status) ? "a folder" : "no regular file"));
    }
  }

  void read_program() {
    command::program_spec program;
    read_variables(program.parameters);
    read_command(from_, options_, program);
    read_exit_codes(from_, "success", program.success);
    read_exit_codes(from_, "not_found", resource_.not_found);
    read_stop_grace(from_, program);
    read_size_limit();
    resource_.options.limit = from_.duration("limit").value_or(defaults::read_limit);
    if (resource_.options.limit->count() == 0) {
      from_.fail_at("limit", "limit must be more than nothing");
    }
    from_.set_count("max_running", resource_.max_running, 1, tunables::max_count_of_tool);
    resource_.program = std::move(program);
  }

  // Texts that are always there, as far as `[resource.params]` does not say more.
  void read_variables(std::vector<parameter>& into) {
    std::vector<parameter> described;
    const toml::table* params = from_.inner("params");
    if (params != nullptr) described = read_parameters(*params, from_.name(), from_.faults());
    for (const parameter& each : described) check_variable(each, *params);
    for (const std::string& name : variables_) {
      const auto found = std::ranges::find(described, name, &parameter::name);
      if (found != described.end()) {
        into.push_back(std::move(*found));
      } else {
        into.push_back({.name = name});
      }
      for (const auto& fault : command::check_parameter({.name = name})) {
        from_.fail_at("uri", "the variable {" + name + "}: " + fault.message);
      }
    }
  }

  void check_variable(const parameter& each, const toml::table& params) {
    const toml::node& at = *params.get(each.name);
    if (std::ranges::find(variables_, each.name) == variables_.end()) {
      from_.fail(at, "the address has no variable {" + each.name +
                         "}: params are about the variables of a template");
    } else if (each.repeated) {
      from_.fail(at, "a variable is one value, no list");
    } else if (each.required || each.default_value) {
      from_.fail(at, "a variable is always there: leave required and default out");
    }
  }

  table_reader from_;
  const read_options& options_;
  resource_spec resource_;
  std::vector<std::string> variables_;
};

}  // namespace

resource_spec read_resource(const toml::table& table, const read_options& options,
                            fault_list& faults) {
  return resource_reader(table, options, faults).read();
}

}  // namespace longhaul::config
