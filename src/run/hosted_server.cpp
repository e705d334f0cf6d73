// SPDX-License-Identifier: Apache-2.0
#include "longhaul/hosted_server.hpp"

#include <stdexcept>
#include <utility>

#include "auth/identify.hpp"
#include "base/mutex.hpp"
#include "open/open_store.hpp"
#include "run/http_host.hpp"
#include "run/operator_host.hpp"
#include "run/process_log.hpp"
#include "run/serve.hpp"

namespace longhaul {
namespace {

log_settings log_settings_of(const server& definition) {
  const server_options& about = definition.options();
  return {.detail = about.log, .style = about.log_format, .sink = about.log_to};
}

http_settings settings_of(const server& definition, const hosting_options& options) {
  http_settings result = http_settings_of(definition.options(), options.http);
  result.threads = options.threads;
  return result;
}

// Throws what the constructor of a hosted server throws.
service_options service_options_of(const server& definition, const hosting_options& options,
                                   const process_log& log) {
  std::string faults;
  for (const std::string& fault : definition.faults()) faults += fault + "\n";
  if (!faults.empty()) throw std::invalid_argument(faults);
  const server_options& about = definition.options();
  auth::check_callers(about);
  service_options result;
  result.operators = about.operators;
  result.identifier = auth::identify_by(about, parse_http_address(options.http).host);
  store_choice choice;
  choice.url = options.store;
  choice.opened = about.store;
  choice.server = about.name;
  opened_store opened = open_store(choice, tell_where_tasks_are(log));
  result.store = std::move(opened.store);
  result.kept_in = std::move(opened.kept_in);
  return result;
}

}  // namespace

struct hosted_server::parts {
  parts(server& definition, const hosting_options& options)
      : log(log_settings_of(definition), true),
        running(definition, service_options_of(definition, options, log), log),
        settings(settings_of(definition, options)),
        host(running, settings),
        watched(running, settings, host.tls(), [this] { return host.figures(); }) {}

  process_log log;
  service running;
  const http_settings settings;
  http_host host;
  operator_host watched;
  guarded_mutex mutex;
  bool stopped LONGHAUL_GUARDED_BY(mutex) = false;
};

hosted_server::hosted_server(server& definition, const hosting_options& options)
    : parts_(std::make_unique<parts>(definition, options)) {}

hosted_server::~hosted_server() { stop(std::chrono::milliseconds(0)); }

std::string hosted_server::url() const { return parts_->host.url(); }

std::string hosted_server::operator_url() const { return parts_->watched.url(); }

void hosted_server::start() {
  parts_->running.start();
  parts_->host.start();
  parts_->watched.start();
  parts_->running.log().info("server.start", "listening on " + url());
  parts_->running.tell_tasks();
}

void hosted_server::stop(std::chrono::milliseconds grace) {
  const guard lock(parts_->mutex);  // whoever comes second returns when all has ended, too
  if (std::exchange(parts_->stopped, true)) return;
  parts_->host.stop(grace);
  parts_->watched.stop();
  parts_->running.end();
}

void hosted_server::hurry() { parts_->running.engine().hurry(); }

}  // namespace longhaul
