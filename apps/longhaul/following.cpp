// SPDX-License-Identifier: Apache-2.0
#include "following.hpp"

#include <algorithm>
#include <iostream>

#include "answering.hpp"
#include "exit_codes.hpp"
#include "json/view.hpp"
#include "json/write.hpp"
#include "terminal/plain_text.hpp"

namespace longhaul {
namespace {

constexpr auto first_look = std::chrono::milliseconds(20);
constexpr auto draw_every = std::chrono::milliseconds(100);
constexpr auto second_thoughts = std::chrono::seconds(1);  // to press Ctrl-C again

}  // namespace

terminal::handle remembered(const task_handle& task, const remote_server& server) {
  terminal::handle made;
  made.id = task.id;
  made.server = server.word;
  made.tool = task.tool;
  made.era = task.version;
  made.created = task.created == timestamp() ? system_clock().now() : task.created;
  made.expires = task.expires;
  made.server_spec = server.reach;
  return made;
}

call_options following::options_for(const std::string& label, const remote_server& server,
                                    const answering_options& answering) {
  const auto which = std::make_shared<one>();
  which->label = label;
  which->server = server;
  calls_.push_back(which);
  call_options options;
  options.on_change = [this, which, open = gate_](const call_state& state) {
    const std::lock_guard lock(open->mutex);
    if (!open->closed) changed(*which, state);
  };
  options.on_question = answers_from(at_, answering, server.roots);
  return options;
}

void following::close() {
  const std::lock_guard lock(gate_->mutex);
  gate_->closed = true;
}

void following::add(tool_call call) {
  const std::lock_guard lock(calls_.back()->mutex);
  calls_.back()->call = std::move(call);
}

std::vector<tool_call> following::calls() const {
  std::vector<tool_call> all;
  for (const auto& each : calls_) {
    const std::lock_guard lock(each->mutex);
    if (each->call) all.push_back(*each->call);
  }
  return all;
}

void following::leave_tasks() {
  const auto all = calls();
  const auto is_task = [](const tool_call& each) { return each.handle().has_value(); };
  for (const tool_call& each : all) {
    if (!is_task(each)) each.detach();  // a plain call is cancelled by that
  }
  if (std::ranges::none_of(all, is_task)) return;
  const std::lock_guard lock(leave_mutex_);
  leave_at_ = std::chrono::steady_clock::now();
  if (!at_.draws()) return;
  *leave_at_ += second_thoughts;
  const auto asks = [](const tool_call& each) {
    return each.state().status == task_status::input_required;
  };
  // A question that is left ends its call, and says so.
  if (std::ranges::any_of(all, asks)) return;
  at_.say("longhaul: leaving what goes on; Ctrl-C again cancels it");
}

void following::cancel() {
  const std::lock_guard lock(leave_mutex_);
  leave_at_.reset();
  for (const tool_call& each : calls()) each.cancel();
}

void following::leave_if_due() {
  const std::lock_guard lock(leave_mutex_);
  if (!leave_at_ || std::chrono::steady_clock::now() < *leave_at_) return;
  leave_at_.reset();
  for (const tool_call& each : calls()) each.detach();
}

// It is found again from another process, as soon as it can be.
void following::remember(one& which, const call_state& state) {
  std::optional<task_handle> task;
  {
    const std::lock_guard lock(which.mutex);
    if (which.remembered || state.task.empty() || !which.call) return;
    task = which.call->handle();
    which.remembered = task.has_value();
  }
  if (!task) return;
  try {
    open_book().remember(remembered(*task, which.server));
  } catch (const std::exception& e) {
    at_.say(std::string("longhaul: this task is not remembered: ") + terminal::plain(e.what()));
  }
}

void following::changed(one& which, const call_state& state) {
  {
    const std::lock_guard lock(which.mutex);
    which.state = state;
  }
  remember(which, state);
  if (each_as_json_) {
    // The end is told with what it brought.
    if (is_terminal(state.status)) return;
    std::string line = state_json(state);
    if (line == which.told) return;
    which.told = std::move(line);
    std::cout << which.told << std::endl;
  } else if (!at_.draws() && !at_.quiet() && !is_terminal(state.status)) {
    terminal::progress_shown now = shown(which);
    now.elapsed = milliseconds(0);
    std::string line = terminal::change_line(now);
    {
      const std::lock_guard lock(which.mutex);
      if (line == which.told) return;
      which.told = line;
    }
    at_.say(terminal::change_line(shown(which)));
  }
}

terminal::progress_shown following::shown(one& which) {
  const std::lock_guard lock(which.mutex);
  terminal::progress_shown now;
  now.label = which.label;
  now.at =
      which.state.connected ? terminal::phase_of(which.state.status) : terminal::phase::waiting;
  now.message = which.state.connected ? which.state.message : "the server does not answer";
  if (which.state.done) now.progress = {*which.state.done, which.state.total};
  now.elapsed =
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - which.began);
  terminal::drop_echoes(now);
  return now;
}

void following::draw() {
  if (!at_.draws()) return;
  const terminal::look looks = at_.looks();
  std::vector<std::string> lines;
  const std::size_t most = std::max<std::size_t>(at_.rows(), 3) - 2;
  for (const auto& each : calls_) {
    if (calls_.size() > most && each->call && each->call->ended()) continue;
    if (lines.size() == most) break;
    lines.push_back(terminal::progress_line(shown(*each), looks, frame_));
  }
  ++frame_;
  at_.draw(lines);
}

void following::run() {
  // What is over at once is not drawn at all.
  bool drawn = false;
  for (const auto& each : calls_) {
    if (!each->call) continue;
    while (!each->call->wait_for(drawn ? draw_every : first_look)) {
      leave_if_due();
      draw();
      drawn = true;
    }
  }
  if (drawn && calls_.size() > 1) draw();
  if (calls_.size() == 1) at_.clear();
  close();
  for (const auto& each : calls_) {
    if (each->call) remember(*each, each->call->state());
  }
}

// --- how it ended

std::string state_json(const call_state& state) {
  std::string text;
  json::object o(text);
  o.string("status", to_string(state.status));
  if (!state.task.empty()) o.string("task", state.task);
  if (!state.message.empty()) o.string("message", state.message);
  if (state.done) o.number("progress", *state.done);
  if (state.total) o.number("total", *state.total);
  if (!state.connected) o.boolean("connected", false);
  o.close();
  return text;
}

std::string end_json(const call_outcome& end, const std::string& server) {
  std::string text;
  json::object o(text);
  o.string("status", to_string(end.status));
  if (end.status == task_status::completed) o.raw("result", end.result.json());
  if (end.status == task_status::failed) {
    json::object error(o.key("error"));
    error.integer("code", end.error_code).string("message", end.message);
    if (end.error_data) error.raw("data", end.error_data);
    error.close();
  } else if (!end.message.empty()) {
    o.string("message", end.message);
  }
  if (end.task) {
    json::object task(o.key("task"));
    task.string("id", end.task->id).string("server", server).string("tool", end.task->tool);
    task.string("version", end.task->version);
    if (end.task->created != timestamp()) task.string("created", iso8601(end.task->created));
    if (end.task->expires) task.string("expires", iso8601(*end.task->expires));
    task.close();
  }
  if (!end.questions.empty()) {
    std::string& questions = o.key("questions");
    json::array items(questions);
    for (const asked_question& each : end.questions) {
      json::object one(items.next());
      one.string("key", each.key).string("method", each.method).raw("params", each.params);
      one.close();
    }
    items.close();
  }
  if (end.timed_out) o.boolean("timedOut", true);
  o.integer("exit", static_cast<int>(exit_code_of(end))).close();
  return text;
}

namespace {

// What a program printed stands in the result already, but for what was cut.
void tell_link(const std::string& uri) {
  constexpr std::string_view ours = "longhaul://tasks/";
  if (uri.starts_with(ours)) return;
  std::cerr << "longhaul: see the resource " << terminal::plain(uri) << std::endl;
}

void tell_content(const tool_reply& result, std::ostream& out) {
  const raw_json json = result.json();
  const json::value view(json);
  std::size_t shown = 0;
  for (json::elements each(view["content"]); each.next(); ++shown) {
    const json::value item = each.value();
    const std::string type = item["type"].string().value_or("");
    const auto text =
        type == "resource" ? item["resource"]["text"].string() : item["text"].string();
    if ((type == "text" || type == "resource") && text) {
      out << *text << (text->ends_with('\n') ? "" : "\n");
    } else if (type == "resource_link") {
      tell_link(item["uri"].string().value_or(""));
    } else {
      std::cerr << "longhaul: content of type '" << terminal::plain(type)
                << "' is not shown; --json has it" << std::endl;
    }
  }
  if (shown == 0 && view["structuredContent"]) out << view["structuredContent"].raw() << '\n';
  out << std::flush;
}

void tell_left(const call_outcome& end, const remote_server& server) {
  std::cerr << "longhaul: " << (end.timed_out ? "the time is over; " : "");
  if (server.is_program) {
    std::cerr << terminal::plain(server.word)
              << " ends with this command, and so does what it works on" << std::endl;
  } else if (end.task) {
    std::cerr << "it goes on; its result later:\n  longhaul tasks result " << end.task->id
              << std::endl;
  }
}

void tell_waiting(const call_outcome& end) {
  std::cerr << "longhaul: it waits for an answer";
  for (const asked_question& each : end.questions) {
    const auto message = json::value(each.params)["message"].string();
    if (message) std::cerr << "\n  " << terminal::plain(*message);
  }
  if (end.task) {
    std::cerr << "\nanswer with:  longhaul tasks answer " << end.task->id << " KEY=VALUE…";
  } else {
    std::cerr << "\ncall it again with --answer KEY=VALUE, or at a terminal";
  }
  std::cerr << std::endl;
}

}  // namespace

int tell_end(const call_outcome& end, const remote_server& server, bool json) {
  if (end.task && is_terminal(end.status)) note_end(end.task->id, server.word, end.status);
  if (json) {
    std::cout << end_json(end, server.word) << std::endl;
    return static_cast<int>(exit_code_of(end));
  }
  switch (end.status) {
    case task_status::completed:
      tell_content(end.result, end.result.is_error() ? std::cerr : std::cout);
      break;
    case task_status::failed:
      std::cerr << "longhaul: failed: " << terminal::plain_lines(end.message) << " ("
                << end.error_code << ")" << std::endl;
      break;
    case task_status::cancelled:
      std::cerr << "longhaul: cancelled" << std::endl;
      break;
    case task_status::input_required:
      tell_waiting(end);
      break;
    case task_status::working:
      tell_left(end, server);
      break;
  }
  return static_cast<int>(exit_code_of(end));
}

}  // namespace longhaul
