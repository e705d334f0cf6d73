// SPDX-License-Identifier: Apache-2.0
#include "run/service.hpp"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <stdexcept>

#include "run/tunables.hpp"
#include "server/catalog.hpp"
#include "tasks/engine_link.hpp"
#include "tasks/sync.hpp"
#include "telemetry/work_spans.hpp"

namespace longhaul {
namespace {

tasks::engine_options engine_options_for(server& definition, const service_options& more,
                                         const logger& log,
                                         std::shared_ptr<serving::middleware_chain> hooks,
                                         tasks::work_observers observers) {
  const server_options& options = definition.options();
  tasks::engine_options result;
  result.store = more.store;
  if (options.fallback_tools) definition.features().add_fallback_tools();
  result.tools = definition.shared_features();
  result.max_running = options.max_running;
  result.max_parked = options.max_parked;
  result.bounds.open_per_quota = options.max_open_per_owner;
  result.bounds.open_total = options.max_open;
  result.bounds.stored_per_quota = options.max_stored_per_owner;
  result.bounds.stored_total = options.max_stored;
  result.limits = options.limits;
  result.default_retention = options.retention;
  result.max_retention = options.max_retention;
  result.hooks = std::move(hooks);
  result.observers = std::move(observers);
  result.log = log;
  result.clock = more.clock;
  result.manual = result.sleep_by_clock = more.clock_by_hand;
  result.on_removed = more.on_removed;
  return result;
}

}  // namespace

service::service(server& definition, service_options options, process_log& log)
    : options_(std::move(options)),
      log_(log),
      definition_(definition),
      middleware_(definition.middleware_.empty() ? nullptr
                                                 : std::make_shared<serving::middleware_chain>(
                                                       definition.middleware_, log.log())),
      hour_(options_.operators.listen.empty()
                ? nullptr
                : std::make_shared<operating::last_hour>(*options_.clock)),
      work_(hour_ ? std::make_shared<operating::work_figures>() : nullptr),
      traces_(options_.traces ? std::make_unique<telemetry::exporter>(*options_.traces, log.log())
                              : nullptr),
      engine_(std::make_shared<tasks::engine>(
          engine_options_for(definition, options_, log.log(), middleware_, observers()))),
      dispatcher_(definition.features(), *engine_,
                  {.inline_limit = definition.options().inline_limit,
                   .outputs = options_.outputs,
                   .heartbeat = definition.options().heartbeat,
                   .middleware = middleware_,
                   .log = log.log()}) {}

tasks::work_observers service::observers() const {
  tasks::work_observers all;
  if (hour_) all.push_back(hour_);
  if (work_) all.push_back(work_);
  if (traces_) {
    all.push_back(
        std::make_shared<telemetry::work_spans>(traces_->queue(), options_.traces->sampled));
  }
  return all;
}

void service::end_traces() noexcept {
  if (traces_) traces_->close(run_tunables::trace_grace);
}

service::~service() {
  definition_.link_->close(*engine_);
  engine_->stop();
}

void service::start() {
  if (!definition_.link_->reserve(*engine_)) {
    throw std::logic_error(
        "start: this server is served already; one definition is served once at "
        "a time");
  }
  if (middleware_) middleware_->start(log_.sink());
  engine_->start();
  definition_.link_->open(engine_);
  for (const auto& tell : definition_.on_start_) tell();
}

std::string service::not_ready() {
  if (engine_->draining()) return "draining";
  if (std::string trouble = store().trouble(); !trouble.empty()) return trouble;
  serving::output_source* const outputs = options_.outputs;
  return outputs != nullptr ? outputs->trouble() : std::string();
}

void service::tell_stopping() const {
  if (options_.on_stopping) options_.on_stopping();
}

void service::tell_tasks() {
  for (const std::string& remark : store().found().remarks) log().warning("store.remark", remark);
  stores::counts_by_tool found;
  try {
    found = tasks::sync(store().counts());
  } catch (const stores::store_error& e) {  // a full disk: it serves what can be read
    const stores::found_at_open there = store().found();
    log().warning("server.tasks", "tasks are kept in " + options_.kept_in + ": " +
                                      std::to_string(there.tasks) + " found, " +
                                      std::to_string(there.unfinished) +
                                      " unfinished, and they can be read only: " + e.what());
    return;
  }
  const stores::status_counts total = total_of(found);
  std::string text = "tasks are kept in " + options_.kept_in;
  if (store().durable()) {
    text += ": " + std::to_string(total.open() + total.ended()) + " found, " +
            std::to_string(total.open()) + " unfinished";
  }
  log().info("server.tasks", text);
  for (const auto& [tool, counts] : found) {
    const std::size_t count = counts.open() - counts.external;
    if (count == 0 || engine_->tools().find(tool)) continue;
    log().warning("server.tool_gone",
                  "unfinished tasks wait for a tool that is not served any more",
                  {{"tool", tool}, {"tasks", count}});
  }
}

void service::tell_how_to_connect(const std::string& url) const {
  if (::isatty(STDERR_FILENO) == 0 || definition_.options().log_to) return;
  log().info("server.start", "connect Claude Code: claude mcp add --transport http " +
                                 definition_.options().name + " " + url);
  log().info("server.start", "connect VS Code: .vscode/mcp.json: {\"servers\": {\"" +
                                 definition_.options().name +
                                 "\": {\"type\": \"http\", \"url\": \"" + url + "\"}}}");
}

void service::stop() {
  definition_.link_->close(*engine_);
  if (const std::size_t left = engine_->running(); left > 0) {
    log().warning("server.stop", "handlers have not ended yet; leaving them", {{"handlers", left}});
    if (options_.on_exit) options_.on_exit();
    end_traces();
    log_.flush();
    std::_Exit(0);
  }
  end();
}

void service::end() {
  definition_.link_->close(*engine_);
  engine_->stop();
  end_traces();
  if (options_.on_end) options_.on_end();
  options_.store->close();
}

void service::fail(int code) {
  definition_.link_->close(*engine_);
  engine_->drain(std::chrono::milliseconds(0), run_tunables::http_stop_grace);
  end_traces();
  if (engine_->running() == 0) return;
  if (options_.on_exit) options_.on_exit();
  log_.flush();
  std::_Exit(code);
}

}  // namespace longhaul
