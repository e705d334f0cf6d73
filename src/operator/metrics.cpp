// SPDX-License-Identifier: Apache-2.0
// GET /metrics: figures for Prometheus. Names and units by its rules; labels are names of tools,
// bounds, statuses, never a caller's text. docs/operator.md lists them, docs/alerts.md says which
// to watch.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/clock_arithmetic.hpp"
#include "operator/api_call.hpp"
#include "operator/exposition.hpp"
#include "operator/process_figures.hpp"
#include "tasks/operations.hpp"

namespace longhaul::operating {
namespace {

using seconds = std::chrono::duration<double>;

void expose_counts(exposition& out, std::string_view tool, const stores::status_counts& all) {
  const auto add = [&](std::string_view status, std::size_t count) {
    out.add(count, {{"tool", tool}, {"status", status}});
  };
  add("waiting", all.queued);
  add("running", all.working - std::min(all.queued, all.working));
  add("input_required", all.input_required);
  add("completed", all.completed);
  add("failed", all.failed);
  add("cancelled", all.cancelled);
}

void expose_tasks(exposition& out, const kept_numbers::all& numbers) {
  out.gauges("longhaul_tasks", "Tasks in the store, of all processes that share it");
  std::size_t shown = 0;
  stores::status_counts others;
  for (const auto& [tool, all] : numbers.counts) {
    if (shown++ < tunables::tools_kept) {
      expose_counts(out, tool, all);
    } else {
      others += all;
    }
  }
  if (shown > tunables::tools_kept) expose_counts(out, work_figures::others, others);
}

void expose_pauses(exposition& out, const work_figures& work,
                   const std::optional<stores::paused_tools>& all) {
  out.gauges("longhaul_tool_paused", "1: tasks of this tool wait because somebody wants that");
  if (!all) return;
  const stores::paused_tools& paused = *all;
  for (const auto* one : work.tools()) {
    if (!paused.contains(one->name)) out.add(0.0, {{"tool", one->name}});
  }
  for (const auto& [name, since] : paused) out.add(1.0, {{"tool", name}});
}

void expose_work(exposition& out, const work_figures& work) {
  const auto tools = work.tools();
  out.counters("longhaul_tasks_created_total", "Tasks and plain calls that began here");
  for (const auto* one : tools) out.add(one->created.value(), {{"tool", one->name}});
  out.counters("longhaul_tasks_ended_total", "Tasks and plain calls whose end was written here");
  for (const auto* one : tools) {
    for (std::size_t i = 0; i < one->ended.size(); ++i) {
      out.add(one->ended[i].value(),
              {{"tool", one->name}, {"outcome", work_figures::outcome_names[i]}});
    }
  }
  out.counters("longhaul_attempts_total", "Handlers that were begun here");
  for (const auto* one : tools) out.add(one->attempts.value(), {{"tool", one->name}});
  out.counters("longhaul_retries_total", "Attempts that are not the first of their task");
  for (const auto* one : tools) out.add(one->retries.value(), {{"tool", one->name}});
  out.histograms("longhaul_task_wait_seconds", "From when an attempt was ready until it began");
  for (const auto* one : tools) out.add(one->waited.read(), {{"tool", one->name}});
  out.histograms("longhaul_attempt_seconds", "How long handlers ran");
  for (const auto* one : tools) out.add(one->ran.read(), {{"tool", one->name}});
  out.histograms("longhaul_question_seconds", "How long handlers waited for answers");
  for (const auto* one : tools) {
    const distribution asked = one->asked.read();
    const bool any = std::ranges::any_of(asked.counts, [](auto count) { return count != 0; });
    if (any) out.add(asked, {{"tool", one->name}});
  }
  out.counters("longhaul_refusals_total", "Work that was refused as too much, by the bound");
  for (const auto& [bound, count] : work.refusals()) out.add(count, {{"bound", bound}});
}

void expose_engine(exposition& out, const surroundings& around) {
  tasks::engine& engine = around.engine;
  out.gauges("longhaul_slots_used",
             "Handlers that run here, without those that wait for an answer");
  out.add(std::uint64_t{engine.operations().slots_used()});
  out.gauges("longhaul_slots_limit", "How many may run here at once (max_running)");
  out.add(std::uint64_t{around.max_running});
  out.gauges("longhaul_draining", "1: it was told to stop, and begins nothing new");
  out.add(engine.draining() ? 1.0 : 0.0);
  out.gauges("longhaul_followers", "Who waits for a task here, or follows it");
  out.add(std::uint64_t{engine.followers()});
  out.gauges("longhaul_subscriptions", "Resources that somebody here watches");
  out.add(std::uint64_t{around.features.watch().size()});
  if (engine.store().exclusive()) return;
  out.gauges("longhaul_lease_age_seconds", "Since the last renewal that the store has answered");
  if (const auto age = engine.lease_age()) out.add(seconds(*age).count());
}

void expose_store(exposition& out, const stores::store& store, const kept_numbers::all& numbers) {
  out.gauges("longhaul_store_up", "1: the store can be written");
  out.add(store.trouble().empty() ? 1.0 : 0.0);
  out.gauges("longhaul_store_bytes", "What is kept in the store");
  out.add(std::uint64_t{numbers.bytes});
  const stores::write_figures writes = store.writes();
  out.histograms("longhaul_store_write_seconds", "Transactions of this process, begin to end");
  out.add(writes.seconds);
  out.histograms("longhaul_store_commit_seconds", "Of these, what the disk took");
  out.add(writes.commit_seconds);
  out.histograms("longhaul_store_write_operations", "Operations that shared a transaction");
  out.add(writes.operations);
  if (writes.seconds.counts.empty()) return;
  out.counters("longhaul_store_write_failures_total", "Transactions that failed");
  out.add(writes.failed);
}

void expose_listeners(exposition& out, const surroundings& around) {
  std::vector<std::pair<std::string_view, wire::http_figures>> all;
  all.reserve(around.listeners.size());
  for (const auto& [name, read] : around.listeners) all.emplace_back(name, read());
  out.gauges("longhaul_http_connections", "Open connections");
  for (const auto& [name, one] : all) {
    out.add(std::uint64_t{one.connections}, {{"listener", name}});
  }
  out.gauges("longhaul_http_streams", "Of these, those whose reply is an open stream");
  for (const auto& [name, one] : all) out.add(std::uint64_t{one.streams}, {{"listener", name}});
  out.counters("longhaul_http_replies_total", "Replies by status");
  for (const auto& [name, one] : all) {
    for (const auto& [status, count] : one.replies) {
      out.add(count, {{"listener", name}, {"code", std::to_string(status)}});
    }
  }
}

void expose_programs(exposition& out, const serving::program_figures& programs) {
  out.counters("longhaul_program_exits_total",
               "Programs that ended: exit code, signal, lost, not started");
  for (const auto& [code, count] : programs.exits) out.add(count, {{"code", code}});
  out.counters("longhaul_program_output_bytes_total", "What programs that ended had printed");
  out.add(programs.stdout_bytes, {{"stream", "stdout"}});
  out.add(programs.stderr_bytes, {{"stream", "stderr"}});
}

void expose_process(exposition& out, const process_figures& self) {
  out.gauges("longhaul_info", "Which Longhaul this is");
  out.add(1.0, {{"version", LONGHAUL_VERSION}});
  out.counters("process_cpu_seconds_total", "Time on processors, user and system");
  if (self.cpu_seconds) out.add(*self.cpu_seconds);
  out.gauges("process_start_time_seconds", "When it began, since 1970");
  if (self.start_time) out.add(*self.start_time);
  out.gauges("process_resident_memory_bytes", "Memory that it has");
  if (self.resident_bytes) out.add(*self.resident_bytes);
  out.gauges("process_virtual_memory_bytes", "Memory that it might use");
  if (self.virtual_bytes) out.add(*self.virtual_bytes);
  out.gauges("process_open_fds", "Open files, connections among them");
  if (self.open_files) out.add(*self.open_files);
  out.gauges("process_max_fds", "How many of them it may have");
  if (self.max_files) out.add(*self.max_files);
}

}  // namespace

void know_tools(const surroundings& around) {
  for (const tasks::tool_ptr& tool : *around.engine.tools().all()) {
    around.work.know(tool->options.name);
  }
}

awaitable<wire::http_reply> show_metrics(api_call& call) {
  call.target.allow_only({});
  stores::store& store = call.server.store();
  const surroundings& around = call.server.around;
  const kept_numbers::all numbers = co_await call.server.numbers.read(store);
  know_tools(around);
  exposition out;
  expose_process(out, read_process_figures());
  expose_tasks(out, numbers);
  out.gauges("longhaul_oldest_waiting_seconds",
             "How long the oldest task that waits for a slot has been ready to begin");
  const milliseconds age =
      numbers.oldest ? elapsed(numbers.oldest->run_at, store.now().mono) : milliseconds(0);
  out.add(seconds(age).count());
  expose_pauses(out, around.work, numbers.paused);
  expose_work(out, around.work);
  expose_engine(out, around);
  expose_store(out, store, numbers);
  expose_listeners(out, around);
  if (around.programs) expose_programs(out, around.programs());
  if (around.traces) {
    const auto [sent, lost] = around.traces();
    out.counters("longhaul_spans_exported_total", "Spans that the collector of traces has taken");
    out.add(sent);
    out.counters("longhaul_spans_dropped_total", "Spans that found no room, or no collector");
    out.add(lost);
  }
  wire::http_reply reply;
  reply.body = out.text();
  reply.content_type = exposition::content_type;
  co_return reply;
}

}  // namespace longhaul::operating
