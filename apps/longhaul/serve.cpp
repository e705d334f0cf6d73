// SPDX-License-Identifier: Apache-2.0
#include "serve.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>

#include "auth/api_keys.hpp"
#include "command/output_folder.hpp"
#include "command/tool.hpp"
#include "config/read_config.hpp"
#include "longhaul/server.hpp"
#include "run/serve.hpp"

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

// Callers by the keys of the file.
wire::identifier identify_by(const std::vector<config::api_key>& given) {
  const auto keys = std::make_shared<auth::api_keys>();
  for (const config::api_key& key : given) keys->add(key.name, key.sha256);
  return [keys](const wire::http_request& request) {
    wire::identification result;
    if (const auto name = keys->name_of(request.authorization)) {
      serving::caller who;
      who.owner = "key:" + *name;
      who.quota = who.owner;
      who.identified = true;
      result.who = std::move(who);
    } else {
      result.www_authenticate = auth::challenge(request.authorization.has_value());
    }
    return result;
  };
}

std::shared_ptr<command::program_host> make_host(const config::serve_config& config) {
  const auto host = std::make_shared<command::program_host>();
  host->helper = find_helper();
  const fs::path place = config.state_dir.empty()
                             ? command::default_output_place(variable("TMPDIR", "/tmp"))
                             : fs::path(config.state_dir);
  host->output = std::make_shared<command::output_folder>(place);
  for (char** entry = environ; *entry != nullptr; ++entry) host->environment.emplace_back(*entry);
  return host;
}

serve_settings settings_for(const config::serve_config& config) {
  serve_settings settings;
  settings.http = config.stdio ? "" : config.listen;
  settings.allowed_hosts = config.allow_hosts;
  settings.allowed_origins = config.allow_origins;
  if (!config.store.empty()) settings.store = config.store;
  if (!config.keys.empty()) settings.identify = identify_by(config.keys);
  settings.log = log_to_stderr;
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

}  // namespace

int run_serve(const serve_command& what) {
  config::read_result read =
      config::load_config(what.file, variable("PATH", "/usr/local/bin:/usr/bin:/bin"));
  if (!read.faults.empty()) {
    tell_faults(read, what.file);
    return exit_usage;
  }
  config::serve_config& config = read.config;
  if (what.stdio) config.stdio = true, config.listen.clear();
  if (!what.http.empty()) config.stdio = false, config.listen = what.http;
  if (!what.store.empty()) config.store = what.store;
  if (config.listen.empty()) config.stdio = true;
  for (const std::string& warning : config::warnings_of(config)) {
    log_to_stderr(what.file + ": warning: " + warning);
  }
  if (what.check_only) {
    std::cout << what.file << ": no faults, " << config.tools.size()
              << (config.tools.size() == 1 ? " tool" : " tools") << std::endl;
    return 0;
  }
  try {
    const auto host = make_host(config);
    server definition(config.server);
    for (command::tool_spec& tool : config.tools) {
      definition.add_tool(command::make_program_tool(std::move(tool), host));
    }
    serve_settings settings = settings_for(config);
    settings.outputs = host->output.get();
    settings.on_removed = [host](const std::vector<std::string>& tasks) {
      host->output->remove(tasks);
    };
    return serve(definition, settings);
  } catch (const std::exception& e) {
    log_to_stderr(config.server.name + ": " + e.what());
    return exit_failed;
  }
}

}  // namespace longhaul
