// SPDX-License-Identifier: Apache-2.0
// The second half of `session_streams.hpp`: what the session knows of tasks, and which stream has
// which question.
#include <algorithm>
#include <utility>

#include "wire/session_streams.hpp"

namespace longhaul::wire {

void session_streams::set_initialized() {
  const guard lock(mutex_);
  initialized_ = true;
  settle();
  for (const auto& [number, stream] : streams_) {
    if (stream.listens && stream.reader) stream.reader->wake();
  }
}

// --- questions

bool session_streams::ask(stream_number stream, put_question question,
                          const serving::exchange_ptr& wait) {
  open_question fresh;
  fresh.asked = std::move(question);
  fresh.own = stream;
  fresh.wait = wait;
  const guard lock(mutex_);
  if (closed_) {
    wait->abandon();
    return true;
  }
  return keep(std::move(fresh));
}

bool session_streams::ask_of_task(put_question question) {
  open_question fresh;
  fresh.asked = std::move(question);
  const guard lock(mutex_);
  return keep(std::move(fresh));
}

bool session_streams::keep(open_question question) {
  // Whoever asks may have looked before the answer was kept.
  if (std::ranges::find(settled_, question.asked.id) != settled_.end()) return true;
  const auto known = questions_.find(question.asked.id);
  if (known != questions_.end()) {
    place(known->second);
    return true;
  }
  if (questions_.size() >= tunables::open_questions) return false;
  question.text = std::make_shared<const std::string>(std::move(question.asked.message));
  std::string id = question.asked.id;
  place(questions_.emplace(std::move(id), std::move(question)).first->second);
  return true;
}

void session_streams::settle() {
  for (auto& [id, question] : questions_) place(question);
}

// Leaves it where it is, if that is a good place, or if there is no better one.
void session_streams::place(open_question& question) {
  if (!initialized_ || connected(question.at.stream)) return;
  stream_number fits = question.own;
  if (fits == 0) fits = connected_for(question.asked.task);
  if (fits == 0 || fits == question.at.stream) return;
  if (question.at.stream != 0) log_.withdraw(question.at);
  connection* const stream = find(fits);
  if (stream == nullptr) return;  // the call has ended
  question.at = log_.add(fits, question.text, urgency::must_arrive);
  if (!stream->to) return;
  stream_event event;
  event.id = text_of(question.at);
  event.data = question.text;
  stream->to->send_event(std::move(event), urgency::must_arrive);
}

void session_streams::note_settled(const std::string& question) {
  if (settled_.size() >= tunables::settled_questions) settled_.erase(settled_.begin());
  settled_.push_back(question);
}

void session_streams::not_answered(const std::string& question) {
  const guard lock(mutex_);
  std::erase(settled_, question);
}

void session_streams::answered(const std::string& question) {
  const guard lock(mutex_);
  const auto at = questions_.find(question);
  if (at == questions_.end()) return;
  note_settled(question);
  log_.withdraw(at->second.at);
  questions_.erase(at);
}

void session_streams::keep_open_questions(const task_record& task) {
  // A state from before the question knows nothing of it.
  const auto is_over = [&](const open_question& one) {
    const task_input* const input = find_input(task, one.asked.key);
    return task.terminal() || (input != nullptr && input->response);
  };
  const guard lock(mutex_);
  std::erase_if(questions_, [&](const auto& one) LONGHAUL_REQUIRES(mutex_) {
    const open_question& question = one.second;
    if (question.asked.task != task.id() || !is_over(question)) return false;
    note_settled(one.first);
    log_.withdraw(question.at);
    return true;
  });
}

// --- tasks

void session_streams::add_result(const std::string& task, stream_number stream,
                                 const serving::exchange_ptr& wait) {
  const guard lock(mutex_);
  auto& all = results_[task];
  for (const waiting_result& before : all) {
    if (connected(before.stream)) continue;
    if (const auto mailbox = before.wait.lock()) mailbox->abandon();
  }
  all.push_back({stream, wait});
  settle();
}

void session_streams::remove_result(const std::string& task, stream_number stream) {
  const guard lock(mutex_);
  const auto at = results_.find(task);
  if (at == results_.end()) return;
  std::erase_if(at->second, [&](const waiting_result& one) { return one.stream == stream; });
  if (at->second.empty()) results_.erase(at);
}

bool session_streams::carries(const std::string& task, stream_number stream) const {
  const guard lock(mutex_);
  if (!initialized_ || stream == 0) return false;
  if (const stream_number fits = connected_for(task); fits != 0) return fits == stream;
  const auto at = results_.find(task);
  return at != results_.end() && at->second.front().stream == stream;
}

void session_streams::note_task(const std::string& task) {
  const guard lock(mutex_);
  if (std::ranges::find(tasks_, task) != tasks_.end()) return;
  if (tasks_.size() >= tunables::session_tasks) tasks_.erase(tasks_.begin());
  tasks_.push_back(task);
  for (const auto& [number, stream] : streams_) {
    if (stream.listens && stream.reader) stream.reader->wake();
  }
}

void session_streams::forget_task(const std::string& task) {
  const guard lock(mutex_);
  std::erase(tasks_, task);
}

std::vector<std::string> session_streams::tasks() const {
  const guard lock(mutex_);
  return tasks_;
}

}  // namespace longhaul::wire
