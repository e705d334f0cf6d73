// SPDX-License-Identifier: Apache-2.0
#include "run/operator_host.hpp"

#include "operator/page_files.hpp"
#include "operator/tunables.hpp"
#include "run/tunables.hpp"

namespace longhaul {
namespace {

operating::surroundings surroundings_of(service& running) {
  const server_options& about = running.definition();
  operating::surroundings around{
      .engine = running.engine(),
      .features = running.dispatcher().features(),
      .outputs = running.options().outputs,
      .hour = *running.hour(),
      .work = *running.work(),
  };
  around.programs = running.options().programs;
  if (const telemetry::exporter* const sent = running.traces()) {
    around.traces = [sent] {
      const telemetry::export_counts counts = sent->counts();
      return std::pair(counts.exported, counts.dropped);
    };
  }
  around.max_running = about.max_running;
  around.bounds.open_per_quota = about.max_open_per_owner;
  around.bounds.stored_per_quota = about.max_stored_per_owner;
  around.limits = about.limits;
  around.log = running.log();
  return around;
}

std::vector<transport::static_page> pages() {
  std::vector<transport::static_page> all;
  for (const operating::page_file& one : operating::page_files()) {
    all.push_back({one.path, one.content_type, one.body});
  }
  return all;
}

}  // namespace

operator_host::operator_host(service& running, const http_settings& callers,
                             const std::shared_ptr<transport::tls_identity>& tls,
                             std::function<wire::http_figures()> figures) {
  const operator_options& wanted = running.options().operators;
  if (wanted.listen.empty()) return;
  const http_address where = parse_http_address(wanted.listen);
  operating::surroundings around = surroundings_of(running);
  if (figures) around.listeners.emplace_back("mcp", std::move(figures));
  around.listeners.emplace_back("operator", [this] { return server_->figures(); });
  endpoint_ = std::make_unique<operating::endpoint>(around, wanted.keys, where.host);
  pages_ = pages();
  transport::http_options options;
  options.address = where.host;
  options.port = where.port;
  options.threads = operating::tunables::threads;
  options.path = "/";
  options.whole_tree = true;
  options.methods = operating::methods;
  options.pages = pages_;
  options.reply_lines = operating::reply_lines();
  options.error_body = [](int status, std::string_view message) {
    return operating::error_body(status, message);
  };
  // Without keys whoever gets through may do everything: no page but our own does.
  options.own_pages = true;
  if (!wanted.keys.empty()) {
    options.hosts = callers.allowed_hosts;
    options.origins = callers.allowed_origins;
  }
  options.max_body = operating::tunables::max_body;
  options.max_connections = operating::tunables::max_connections;
  options.identifier = endpoint_->identifier();
  options.tls = tls;
  options.log = running.log();
  options.not_ready = [&running] { return running.not_ready(); };
  server_ = std::make_unique<transport::http_server>(std::move(options), *endpoint_);
}

void operator_host::start() {
  if (server_) server_->start();
}

void operator_host::tell(const service& running) {
  if (!server_) return;
  running.told().announce(log_level::info, "operator.start", "operators: page and API at " + url());
  try {
    notice_.emplace(running_servers_folder(), running.definition().name, url());
  } catch (const std::runtime_error&) {  // nobody has a home here
    return;
  }
}

void operator_host::stop() {
  notice_.reset();
  if (server_) server_->stop(run_tunables::reply_grace);
}

}  // namespace longhaul
