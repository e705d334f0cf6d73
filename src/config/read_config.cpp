// SPDX-License-Identifier: Apache-2.0
#include "config/read_config.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "auth/loopback.hpp"
#include "base/names.hpp"
#include "base/web_origin.hpp"
#include "command/tunables.hpp"
#include "config/nesting.hpp"
#include "config/read_features.hpp"
#include "config/read_operator.hpp"
#include "config/read_tool.hpp"
#include "config/table_reader.hpp"
#include "config/tunables.hpp"
#include "config/units.hpp"
#include "open/http_address.hpp"
#include "open/store_url.hpp"

namespace longhaul::config {
namespace {

class config_reader {
 public:
  config_reader(const read_options& options, fault_list& faults)
      : options_(options), faults_(faults) {}

  serve_config read(const toml::table& root) {
    table_reader top(root, "the file", faults_);
    if (const toml::table* server = top.inner("server")) read_server(*server);
    if (const toml::table* limits = top.inner("limits")) read_rates(*limits);
    if (const toml::table* watched = top.inner("operator")) {
      config_.server.operators = read_operator(*watched, faults_);
    }
    for_each_table(top, "key", [this](const toml::table& key) { read_key(key); });
    check_origins(root);  // once it is known whether there are keys
    for_each_table(top, "tool", [this](const toml::table& tool) { add_tool(tool); });
    read_features(top, options_, config_);
    top.finish();
    if (config_.tools.empty() && config_.resources.empty() && config_.prompts.empty() &&
        faults_.size() == 0) {
      faults_.add(toml::source_position{1, 1},
                  "there is no [[tool]], [[resource]] or [[prompt]]: this server has nothing to "
                  "serve");
    }
    return std::move(config_);
  }

 private:
  // Paths are those of the file's folder.
  void check_store(table_reader& from) {
    try {
      const store_url url = parse_store_url(config_.store);
      if (url.is != store_url::kind::file) return;
      const auto path = std::filesystem::path(options_.folder) / url.path;
      config_.store = "sqlite:" + path.lexically_normal().string();
    } catch (const std::invalid_argument& e) {
      from.fail_at("store", std::string("store: ") + e.what());
    }
  }

  void read_server(const toml::table& table) {
    table_reader from(table, "[server]", faults_);
    server_options& server = config_.server;
    if (const auto name = from.text("name")) {
      server.name = *name;
      if (!is_short_name(*name)) from.fail_at("name", "name must be " + short_name_rule());
    }
    from.set("version", server.version);
    from.set("title", server.title);
    from.set("instructions", server.instructions);
    read_address(from, config_.listen, "127.0.0.1:8080");
    from.set("stdio", config_.stdio);
    if (config_.stdio && !config_.listen.empty()) {
      from.fail_at("stdio", "stdio and listen exclude each other: leave one of them out");
    }
    from.set("store", config_.store);
    if (!config_.store.empty()) check_store(from);
    if (const auto folder = from.text("state_dir")) {
      if (folder->empty()) from.fail_at("state_dir", "state_dir must not be empty");
      config_.state_dir = (std::filesystem::path(options_.folder) / *folder).lexically_normal();
    }
    from.set_bytes("output_shared", config_.output_shared, 0);
    read_callers(from, server);
    read_bounds(from, server);
    read_tls(from, server);
    if (const auto grace = from.duration("drain_grace")) server.drain_grace = *grace;
    if (const auto detail = from.word("log", {"off", "error", "info", "debug"})) {
      server.log = static_cast<log_detail>(*detail);
    }
    if (const auto style = from.word("log_format", {"text", "json"})) {
      server.log_format = static_cast<log_style>(*style);
    }
    read_audit(from);
    from.set("description", server.description);
    from.set("website", server.website);
    server.icons = read_icons(from);
    from.finish();
  }

  // A path is relative to the folder of the file that is being read.
  void read_file(table_reader& from, const char* key, std::string& path) {
    std::string given;
    from.set(key, given);
    if (!given.empty()) {
      path = (std::filesystem::path(options_.folder) / given).lexically_normal().string();
    }
  }

  void read_tls(table_reader& from, server_options& server) {
    read_file(from, "tls_certificate", server.tls_certificate);
    read_file(from, "tls_key", server.tls_key);
    if (server.tls_certificate.empty() != server.tls_key.empty()) {
      from.fail_at(server.tls_key.empty() ? "tls_certificate" : "tls_key",
                   "tls_certificate and tls_key belong together: give both");
    }
  }

  void read_audit(table_reader& from) {
    from.set("audit", config_.audit);
    from.set("audit_arguments", config_.audit_arguments);
    if (config_.audit_arguments && !config_.audit) {
      from.fail_at("audit_arguments", "audit_arguments is for an audit: write audit = true too");
    }
  }

  void read_rates(const toml::table& table) {
    table_reader from(table, "[limits]", faults_);
    from.set("rate", config_.rates.calls);
    from.set("rate_per_key", config_.rates.calls_per_caller);
    from.set("completions_per_key", config_.rates.completions_per_caller);
    from.set("task_requests_per_key", config_.rates.task_requests_per_caller);
    from.finish();
  }

  // Who calls, from where, and how they are met.
  void read_callers(table_reader& from, server_options& server) {
    from.set("single_user", server.single_user);
    if (server.single_user && !config_.listen.empty() &&
        !auth::is_loopback(parse_http_address(config_.listen).host)) {
      from.fail_at("single_user",
                   "single_user lets everybody who reaches the server act as its owner: listen on "
                   "127.0.0.1 or [::1], not on " +
                       in_quotes(config_.listen));
    }
    from.set("allow_hosts", config_.allow_hosts);
    from.set("allow_origins", config_.allow_origins);
    from.set("fallback_tools", server.fallback_tools);
    from.set("inline_limit", server.inline_limit);
    from.set("heartbeat", server.heartbeat);
    from.set("ignore_arguments", server.ignore_arguments);
    from.set("strict_arguments", server.strict_arguments);
    from.set("links", server.links);
  }

  static void read_bounds(table_reader& from, server_options& server) {
    from.set_count("max_running", server.max_running);
    from.set_count("max_open", server.max_open);
    from.renamed("max_open_per_key", "max_open_per_owner");
    from.set_count("max_open_per_owner", server.max_open_per_owner);
    from.set_count("max_sessions", server.max_sessions);
    from.set_count("max_sessions_per_caller", server.max_sessions_per_caller);
    from.set("retention", server.retention);
    from.set("max_retention", server.max_retention);
    from.set_bytes("max_body_memory", server.max_body_memory, least_body_memory);
    from.set_count("max_stored", server.max_stored);
    from.set_count("max_stored_per_owner", server.max_stored_per_owner);
    read_byte_limits(from, server.limits);
  }

  static void read_byte_limits(table_reader& from, byte_limits& limits) {
    from.set_bytes("max_arguments", limits.max_arguments, tunables::least_size);
    from.set_bytes("max_result", limits.max_result, tunables::least_size);
    // What a program may save comes in lines of at most so many.
    from.set_bytes("max_checkpoint", limits.max_checkpoint, command::tunables::max_channel_line);
    from.set_bytes("max_open_bytes_per_owner", limits.max_open_bytes_per_owner,
                   tunables::least_sum);
    from.set_bytes("max_open_bytes", limits.max_open_bytes, tunables::least_sum);
    from.set_bytes("max_stored_bytes_per_owner", limits.max_stored_bytes_per_owner,
                   tunables::least_sum);
    from.set_bytes("max_stored_bytes", limits.max_stored_bytes, tunables::least_sum);
    from.set_bytes("max_memory", limits.max_memory, tunables::least_sum);
  }

  void check_origins(const toml::table& root) {
    const toml::array* given = root["server"]["allow_origins"].as_array();
    if (given == nullptr) return;
    for (const toml::node& one : *given) {
      const auto* text = one.as_string();
      if (text == nullptr) continue;  // which was told already
      std::string_view why = origin_fault(text->get());
      if (is_every_origin(text->get()) && config_.server.keys.empty()) why = every_origin_fault;
      if (!why.empty()) {
        faults_.add(one,
                    "[server]: allow_origins: " + in_quotes(text->get()) + " " + std::string(why));
      }
    }
  }

  void read_key(const toml::table& table) {
    table_reader from(table, "[[key]]", faults_);
    api_key key = keys_.read(from);
    if (config_.server.single_user) {
      faults_.add(table,
                  "there is a [[key]], so there is more than one user: leave out single_user");
    }
    from.finish();
    config_.server.keys.push_back(std::move(key));
  }

  void add_tool(const toml::table& table) {
    if (config_.tools.size() == tunables::max_tools) {
      faults_.add(table, "there are more than " + std::to_string(tunables::max_tools) + " tools");
    }
    if (config_.tools.size() >= tunables::max_tools) return;
    command::tool_spec tool = read_tool(table, options_, faults_);
    const std::string& name = tool.options.name;
    if (!name.empty() && !tool_names_.insert(name).second) {
      faults_.add(table.contains("name") ? *table.get("name") : table,
                  "there is a tool named " + in_quotes(name) + " already");
    }
    const bool taken = name == "task_status" || name == "task_answer" || name == "task_result" ||
                       name == "task_cancel";
    if (taken && config_.server.fallback_tools) {
      faults_.add(table.contains("name") ? *table.get("name") : table,
                  in_quotes(name) + " is one of the fallback tools: choose another name");
    }
    if (tool.rate) config_.rates.tools.emplace(name, *tool.rate);
    config_.tools.push_back(std::move(tool));
  }

  const read_options& options_;
  fault_list& faults_;
  serve_config config_;
  std::set<std::string> tool_names_;
  key_reader keys_;
};

// The parser's words say what it expected; where a quote is missing it sees the end of the line
// only.
std::string syntax_fault(const toml::parse_error& error) {
  std::string words = "this is not TOML: " + std::string(error.description());
  std::ranges::replace(words, '\n', ' ');
  if (words.find("parsing string: unescaped control") != std::string::npos) {
    words += "; is the quote missing that ends it?";
  }
  return words;
}

}  // namespace

read_result read_config(std::string_view text, const read_options& options) {
  read_result result;
  fault_list faults;
  if (text.size() > tunables::max_config_bytes) {
    faults.add(
        toml::source_position{1, 1},
        "the file has more than " + std::to_string(tunables::max_config_bytes >> 20) + " MiB");
  } else if (const auto deep = too_deep(text)) {
    faults.add(toml::source_position{static_cast<toml::source_index>(deep->line),
                                     static_cast<toml::source_index>(deep->column)},
               "this nests deeper than " + std::to_string(tunables::max_levels) +
                   " levels of keys, tables and arrays: make it flatter");
  } else {
    try {
      const toml::table root = toml::parse(text, options.file_name);
      result.config = config_reader(options, faults).read(root);
    } catch (const toml::parse_error& error) {
      faults.add(error.source().begin, syntax_fault(error));
    }
  }
  result.faults = faults.take();
  result.warnings = faults.take_warnings();
  return result;
}

read_result load_config(const std::string& path, std::string_view search_path) {
  read_options options;
  options.file_name = path;
  options.search_path = search_path;
  std::error_code error;
  const auto whole = std::filesystem::absolute(path, error);
  options.folder = whole.parent_path().lexically_normal().string();
  std::ifstream file(path, std::ios::binary);
  if (std::filesystem::is_directory(path, error) || !file) {
    read_result result;
    result.faults.push_back({1, 1,
                             std::filesystem::exists(path, error) ? "this file cannot be read"
                                                                  : "there is no such file"});
    return result;
  }
  std::string text(tunables::max_config_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return read_config(text, options);
}

std::string to_string(const fault& found, std::string_view file_name) {
  return std::string(file_name) + ":" + std::to_string(found.line) + ":" +
         std::to_string(found.column) + ": " + found.message;
}

std::vector<std::string> warnings_of(const serve_config& config) {
  std::vector<std::string> result;
  const std::string_view listen = config.listen;
  const bool local = listen.empty() || listen.starts_with("127.") ||
                     listen.starts_with("localhost:") || listen.starts_with("[::1]:") ||
                     listen.find(':') == std::string_view::npos;
  if (!local && config.server.keys.empty()) {
    result.push_back("anybody who can reach " + config.listen +
                     " may use this server: add a [[key]], or listen on 127.0.0.1");
  }
  if (!local && !config.server.keys.empty() && config.server.tls_certificate.empty()) {
    result.push_back("keys and results travel over " + config.listen +
                     " in clear text: set tls_certificate and tls_key, or put a proxy with TLS in "
                     "front");
  }
  if (config.stdio && !config.server.keys.empty()) {
    result.emplace_back(
        "on stdio nobody is asked for a key: the host that starts the server may do everything");
  }
  constexpr std::string_view empty_key =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  for (const api_key& key : config.server.keys) {
    if (auth::parse_sha256(key.sha256) == auth::parse_sha256(empty_key)) {
      result.push_back("the key of " + key.name + " is the empty text, which no caller can send");
    }
  }
  return result;
}

}  // namespace longhaul::config
