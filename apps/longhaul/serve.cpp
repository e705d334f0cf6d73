// SPDX-License-Identifier: Apache-2.0
#include "serve.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <stop_token>
#include <utility>

#include "command/features.hpp"
#include "command/former_programs.hpp"
#include "command/output_folder.hpp"
#include "command/tool.hpp"
#include "command/warden.hpp"
#include "config/read_config.hpp"
#include "longhaul/audit_log.hpp"
#include "longhaul/rate_limit.hpp"
#include "longhaul/server.hpp"
#include "open/http_address.hpp"
#include "open/open_store.hpp"
#include "open/store_url.hpp"
#include "run/serve.hpp"
#include "run/stop_signals.hpp"
#include "server/shared_outputs.hpp"
#include "tasks/sync.hpp"

extern char** environ;

namespace longhaul {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread
  return value != nullptr && *value != '\0' ? value : otherwise;
}

// Beside this executable while it is built, in libexec once it is installed.
std::string find_helper() {
  const fs::path here = fs::read_symlink("/proc/self/exe").parent_path();
  for (const fs::path& folder : {here, here.parent_path() / "libexec/longhaul"}) {
    const fs::path helper = folder / "longhaul-run";
    if (::access(helper.c_str(), X_OK) == 0) return helper.string();
  }
  throw std::runtime_error("the helper longhaul-run is neither beside this executable (" +
                           here.string() + ") nor in ../libexec/longhaul: install it there");
}

store_choice choice_of(const config::serve_config& config) {
  store_choice choice;
  choice.url = config.store;
  choice.state_folder = config.state_dir;
  choice.server = config.server.name;
  choice.several = config.stdio;
  return choice;
}

// Output lives as long as the task it belongs to: beside a store that outlives the server.
std::shared_ptr<command::output_folder> open_output(const config::serve_config& config,
                                                    const opened_store& tasks) {
  if (!tasks.file.empty()) {
    auto output = command::output_folder::kept(tasks.file + ".output");
    command::end_former_programs(output->root(), [&](const std::string& task) {
      const std::vector<std::string> one = {task};
      return tasks::sync(tasks.store->unknown(one)).empty();
    });
    const std::vector<std::string> found = output->tasks();
    output->remove(tasks::sync(tasks.store->unknown(found)));
    return output;
  }
  return std::make_shared<command::output_folder>(
      config.state_dir.empty() ? command::default_output_place(variable("TMPDIR", "/tmp"))
                               : fs::path(config.state_dir));
}

std::shared_ptr<command::program_host> make_host(const config::serve_config& config,
                                                 const opened_store& tasks,
                                                 const std::stop_source& leaving,
                                                 const logger& log) {
  const auto host = std::make_shared<command::program_host>();
  host->helper = find_helper();
  command::adopt_orphans();
  host->log = log;
  host->output = open_output(config, tasks);
  host->output->tell(log);
  for (char** entry = environ; *entry != nullptr; ++entry) host->environment.emplace_back(*entry);
  host->leaving = leaving.get_token();
  host->keys_are_shared = !tasks.store->exclusive();
  return host;
}

// Null: nobody else has this store.
std::unique_ptr<serving::shared_outputs> share_output(const config::serve_config& config,
                                                      const opened_store& tasks,
                                                      command::program_host& host,
                                                      const logger& log) {
  if (tasks.store->outputs() == nullptr || config.output_shared == 0) return nullptr;
  const auto remove = [output = host.output](const std::vector<std::string>& gone) {
    output->remove(gone);
  };
  auto shared = std::make_unique<serving::shared_outputs>(*host.output, *tasks.store,
                                                          config.output_shared, remove, log);
  host.listener = shared.get();
  return shared;
}

serve_settings settings_for(const config::serve_config& config) {
  serve_settings settings;
  settings.http = config.stdio ? "" : config.listen;
  settings.allowed_hosts = config.allow_hosts;
  settings.allowed_origins = config.allow_origins;
  return settings;
}

void tell_faults(const config::read_result& read, const std::string& file) {
  for (const config::fault& fault : read.faults) {
    std::cerr << config::to_string(fault, file) << '\n';
  }
  std::cerr << file << ": " << read.faults.size()
            << (read.faults.size() == 1 ? " fault" : " faults") << "; nothing was started"
            << std::endl;
}

// The command line overrides the file.
void override_file(config::serve_config& config, const serve_command& command) {
  if (command.stdio) config.stdio = true, config.listen.clear();
  if (!command.http.empty()) config.stdio = false, config.listen = command.http;
  if (!command.store.empty()) config.store = command.store;
  if (config.listen.empty()) config.stdio = true;
  transport::tls_files tls = tls_files_of(command.common, config.server);
  config.server.tls_certificate = std::move(tls.certificate);
  config.server.tls_key = std::move(tls.key);
}

void tell_warnings(const config::read_result& read, const std::string& file) {
  for (const config::fault& warning : read.warnings) {
    std::cerr << config::to_string({warning.line, warning.column, "warning: " + warning.message},
                                   file)
              << std::endl;
  }
  for (const std::string& warning : config::warnings_of(read.config)) {
    std::cerr << file << ": warning: " << warning << std::endl;
  }
}

// "f.toml: no faults, 2 tools, 1 resource"
void tell_features(const config::serve_config& config, const std::string& file) {
  std::cout << file << ": no faults";
  const auto tell = [](std::size_t count, std::string_view kind) {
    if (count != 0) std::cout << ", " << count << " " << kind << (count == 1 ? "" : "s");
  };
  std::size_t completions = 0;
  for (const command::resource_spec& one : config.resources) completions += one.completions.size();
  for (const command::prompt_spec& one : config.prompts) completions += one.completions.size();
  const auto templates = static_cast<std::size_t>(
      std::ranges::count_if(config.resources, &command::resource_spec::is_template));
  tell(config.tools.size(), "tool");
  tell(config.resources.size() - templates, "resource");
  tell(templates, "resource template");
  tell(config.prompts.size(), "prompt");
  tell(completions, "completion");
  std::cout << std::endl;
}

// The audit comes first: it hears of what the rates refuse as well.
void add_middleware(server& definition, const config::serve_config& config) {
  if (config.audit) definition.use(audit_log({.arguments = config.audit_arguments}));
  if (config.rates != rate_limits()) definition.use(limit_rates(config.rates));
}

int serve_tools(config::serve_config& config, process_log& log) {
  const opened_store tasks = open_store(choice_of(config), tell_where_tasks_are(log));
  std::stop_source leaving;
  const auto host = make_host(config, tasks, leaving, log.log());
  const auto shared = share_output(config, tasks, *host, log.log());
  server definition(config.server);
  add_middleware(definition, config);
  for (command::tool_spec& tool : config.tools) {
    definition.add_tool(command::make_program_tool(std::move(tool), host));
  }
  for (command::resource_spec& resource : config.resources) {
    definition.add_resource(command::make_configured_resource(std::move(resource), host));
  }
  for (command::prompt_spec& prompt : config.prompts) {
    definition.add_prompt(command::make_configured_prompt(std::move(prompt), host));
  }
  serve_settings settings = settings_for(config);
  settings.store = tasks.store;
  settings.kept_in = tasks.kept_in;
  settings.drain_grace = config.server.drain_grace;
  settings.operators = config.server.operators;
  settings.tls = {config.server.tls_certificate, config.server.tls_key};
  settings.outputs = host->output.get();
  if (shared) settings.outputs = shared.get();
  settings.programs = [meters = host->meters] { return meters->read(); };
  settings.on_removed = [&host, &shared](const std::vector<std::string>& gone) {
    host->output->remove(gone);
    if (shared) shared->forget(gone);
  };
  settings.on_end = [&shared] {
    if (shared) shared->finish();
  };
  settings.on_exit = command::leave_helpers;
  settings.on_stopping = [leaving]() mutable { leaving.request_stop(); };
  const int code = serve(definition, settings, log);
  command::leave_helpers();
  return code;
}

}  // namespace

int run_serve(const serve_command& command) {
  config::read_result read =
      config::load_config(command.file, variable("PATH", "/usr/local/bin:/usr/bin:/bin"));
  if (!read.faults.empty()) {
    tell_faults(read, command.file);
    return exit_usage;
  }
  config::serve_config& config = read.config;
  override_file(config, command);
  tell_warnings(read, command.file);
  log_settings logging;
  try {
    if (!command.http.empty()) parse_http_address(command.http);
    if (!command.store.empty()) parse_store_url(command.store);
    logging = log_settings_of(command.common, config.server);
    config.server.drain_grace = drain_grace_of(command.common, config.server);
    config.server.operators = operators_of(command.common, config.server);
    const transport::tls_files tls{config.server.tls_certificate, config.server.tls_key};
    if (tls.given() && !config.stdio) {
      const transport::tls_identity usable(tls);  // else it says what is wrong
    }
  } catch (const std::invalid_argument& e) {
    std::cerr << "longhaul: " << e.what() << std::endl;
    return exit_usage;
  }
  if (command.check_only) {
    tell_features(config, command.file);
    return 0;
  }
  end_on_early_signals();
  process_log log(logging, !config.stdio);
  try {
    return serve_tools(config, log);
  } catch (const std::exception& e) {
    return tell_failure(log, e);
  }
}

}  // namespace longhaul
