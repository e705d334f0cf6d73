// SPDX-License-Identifier: Apache-2.0
#include "tasks/running_task.hpp"

#include <algorithm>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cmath>
#include <exception>

#include "base/digest.hpp"
#include "tasks/certain.hpp"
#include "tasks/engine.hpp"
#include "tasks/sync.hpp"
#include "tasks/waiter.hpp"
#include "typed/form_answer.hpp"

namespace longhaul::tasks {
namespace {

std::vector<stores::question> to_questions(
    const std::vector<std::pair<std::string, elicitation>>& questions) {
  std::vector<stores::question> result;
  result.reserve(questions.size());
  for (const auto& [key, what] : questions) {
    if (key.empty()) throw question_error("a question needs a key that is not empty");
    stores::question q;
    q.key = key;
    q.request = what.request();
    q.request_hash = sha256(q.request.view());
    result.push_back(std::move(q));
  }
  return result;
}

bool all_answered(const task_record& task, const std::vector<stores::question>& questions) {
  return std::all_of(questions.begin(), questions.end(), [&](const stores::question& q) {
    const task_input* input = find_input(task, q.key);
    return input != nullptr && input->response;
  });
}

// What older versions stored was not held against its question: nobody answered then.
answer fitting_or_cancel(const task_input& input) {
  try {
    return answer::parse(detail::fitting_answer(input.request, input.response));
  } catch (const question_error&) {
    return {};
  }
}

std::vector<answer> answers_of(const task_record& task,
                               const std::vector<stores::question>& questions) {
  std::vector<answer> result;
  result.reserve(questions.size());
  for (const auto& q : questions) {
    result.push_back(fitting_or_cancel(*find_input(task, q.key)));
  }
  return result;
}

// A place among the handlers that wait for an answer, for the length of a scope: the slot is given
// up with `leave` and taken again with `retake`.
class parking {
 public:
  parking(slots& from, running_task& task) : slots_(from), task_(task), found_(from.park()) {}
  parking(const parking&) = delete;
  parking& operator=(const parking&) = delete;
  ~parking() {
    if (found_) slots_.unpark();
  }

  bool found() const noexcept { return found_; }
  void leave() {
    if (task_.holds_slot.exchange(false)) slots_.release(quota(), use_of(task_.tool()));
  }
  // A handler that is to stop goes on without a slot: there may be none for hours. One that asks
  // twice at once has one slot all the same.
  boost::asio::awaitable<void> retake() {
    if (task_.holds_slot) co_return;
    const auto hears = std::make_shared<waiter>(co_await boost::asio::this_coro::executor);
    const waiter::closer closing(*hears);
    task_.await_slot(hears);
    const returning back(*this, [hears] { hears->wake(); });
    const std::stop_callback on_stop(task_.stop_token(), [&hears] { hears->wake(); });
    while (slots_.waits(back.ticket) && !task_.holds_slot && !task_.cancelled()) {
      auto next = hears->next();
      co_await std::move(next);
    }
  }

 private:
  // However the wait ends, cancelled by whoever awaits it too: a slot that was given is held.
  struct returning {
    returning(parking& place, std::function<void()> ready)
        : of(place),
          ticket(place.slots_.reacquire(place.quota(), use_of(place.task_.tool()),
                                        std::move(ready))) {}
    returning(const returning&) = delete;
    returning& operator=(const returning&) = delete;
    ~returning() {
      if (of.slots_.withdraw(ticket)) return;
      if (!of.task_.holds_slot.exchange(true)) {
        of.task_.slot_came_back();
      } else {  // another question brought one back
        of.slots_.release(of.quota(), use_of(of.task_.tool()));
      }
    }
    parking& of;
    const slots::ticket ticket;
  };

  const std::string& quota() const noexcept { return task_.claimed()->origin->quota; }

  slots& slots_;
  running_task& task_;
  const bool found_;
};

}  // namespace

running_task::running_task(engine& owner, stores::store& store, task_ptr claimed, tool_ptr tool,
                           boost::asio::io_context& handlers)
    : engine_(owner),
      store_(store),
      claimed_(std::move(claimed)),
      tool_(std::move(tool)),
      handlers_(handlers),
      blocking_(std::holds_alternative<blocking_handler>(tool_->handler)),
      progress_(claimed_->progress),
      checkpoint_(claimed_->checkpoint) {}

void running_task::changed(std::unique_lock<std::mutex>& lock) {
  const bool first = !std::exchange(dirty_, true);
  lock.unlock();
  if (first) engine_.mark_dirty(shared_from_this());
}

void running_task::progress(double done, std::optional<double> total, std::string_view message) {
  if (!std::isfinite(done) || done < 0) return;  // says nothing
  if (total && !std::isfinite(*total)) total.reset();
  progress_event event{{done, total}, std::string(message)};
  {
    std::unique_lock lock(mutex_);
    if (progress_ && done <= progress_->done && message.empty()) return;
    if (progress_ && done < progress_->done) return;
    progress_ = event.state;
    unwritten_progress_ = event.state;
    if (!message.empty()) unwritten_message_ = event.message;
    changed(lock);
  }
  engine_.hub_.publish(id(), event);
}

void running_task::status(std::string_view message) {
  std::unique_lock lock(mutex_);
  unwritten_message_ = std::string(message);
  changed(lock);
}

void running_task::log(log_level level, std::string_view message) {
  engine_.hub_.publish(id(), log_event{level, std::string(message)});
}

answer running_task::ask(std::string_view key, const elicitation& question) {
  std::vector<std::pair<std::string, elicitation>> questions;
  questions.emplace_back(std::string(key), question);
  return std::move(ask_all(questions).front());
}

std::vector<answer> running_task::ask_all(
    const std::vector<std::pair<std::string, elicitation>>& questions) {
  if (!blocking_) throw std::logic_error("ask blocks: in a coroutine handler use async_ask");
  return sync(put_questions(questions));
}

boost::asio::awaitable<answer> running_task::async_ask(std::string key, elicitation question) {
  std::vector<std::pair<std::string, elicitation>> questions;
  questions.emplace_back(std::move(key), std::move(question));
  auto asked = put_questions(std::move(questions));
  auto answers = co_await std::move(asked);
  co_return std::move(answers.front());
}

boost::asio::awaitable<std::vector<answer>> running_task::async_ask_all(
    std::vector<std::pair<std::string, elicitation>> questions) {
  return put_questions(std::move(questions));
}

boost::asio::awaitable<std::vector<answer>> running_task::put_questions(
    std::vector<std::pair<std::string, elicitation>> what) {
  const auto questions = to_questions(what);
  if (questions.empty()) co_return std::vector<answer>();
  // Before anybody sees a question there is a place to wait for its answer.
  std::optional<parking> place;
  if (!tool_->options.keeps_slot) {
    place.emplace(engine_.slots_, *this);
    if (!place->found()) {
      auto reading = certain([&] { return store_.look(claimed_->owner(), id()); });
      const task_ptr now = co_await std::move(reading);
      if (!now || !all_answered(*now, questions)) {
        throw question_error(
            "too many tasks wait for an answer already (max_parked); try again later");
      }
    }
  }
  auto writing = certain([&] { return store_.ask(id(), writer(), questions); });
  const stores::change_result asked = co_await std::move(writing);
  switch (asked.code) {
    case stores::change_code::applied:
    case stores::change_code::unchanged:
      break;
    case stores::change_code::key_reused:
      throw question_error("input key reused: a key names one question for the task's whole life");
    default:
      request_stop();
      throw task_stopped();
  }
  if (all_answered(*asked.task, questions)) co_return answers_of(*asked.task, questions);
  if (place) {
    place->leave();
    engine_.pump();
  }
  task_ptr answered;
  std::exception_ptr given_up;
  try {
    auto waiting = wait_for_answers(asked.task, questions);
    answered = co_await std::move(waiting);
  } catch (...) {
    given_up = std::current_exception();
  }
  // Whoever gives a question up goes on running, too: with a slot, like everybody. What cancelled
  // it does not end this wait, and is told again by the next `co_await` of the handler.
  if (place && !cancelled()) {
    const bool throws = co_await boost::asio::this_coro::throw_if_cancelled();
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    while (!holds_slot && !cancelled()) {
      try {
        auto again = place->retake();
        co_await std::move(again);
      } catch (const boost::system::system_error&) {  // NOLINT(bugprone-empty-catch): once more
      }
    }
    co_await boost::asio::this_coro::throw_if_cancelled(throws);
  }
  if (given_up) std::rethrow_exception(given_up);
  throw_if_cancelled();
  co_return answers_of(*answered, questions);
}

void running_task::await_slot(const std::shared_ptr<waiter>& hears) {
  const std::lock_guard lock(mutex_);
  std::erase_if(await_slot_, [](const auto& one) { return one.expired(); });
  await_slot_.push_back(hears);
}

void running_task::slot_came_back() {
  std::vector<std::weak_ptr<waiter>> all;
  {
    const std::lock_guard lock(mutex_);
    all.swap(await_slot_);
  }
  for (const auto& one : all) {
    if (const auto hears = one.lock()) hears->wake();
  }
}

boost::asio::awaitable<task_ptr> running_task::wait_for_answers(
    task_ptr now, const std::vector<stores::question>& questions) {
  const auto hears = std::make_shared<waiter>(co_await boost::asio::this_coro::executor);
  const waiter::closer closing(*hears);
  const auto following = engine_.follow(id(), hears);
  const std::stop_callback on_stop(stop_token(), [&hears] { hears->wake(); });
  // Read once more: an answer may have come between the question and the registration.
  auto reading = certain([&] { return store_.look(claimed_->owner(), id()); });
  if (task_ptr current = co_await std::move(reading)) now = std::move(current);
  while (!all_answered(*now, questions)) {
    if (now->terminal() || now->epoch != claimed_->epoch || stop_.stop_requested()) {
      throw task_stopped();
    }
    auto next = hears->next();
    if (task_ptr newer = co_await std::move(next); newer && newer->rev > now->rev) {
      now = std::move(newer);
    }
  }
  co_return now;
}

raw_json running_task::saved_checkpoint() const {
  const std::lock_guard lock(mutex_);
  return checkpoint_;
}

void running_task::save_checkpoint_bytes(raw_json value) {
  throw_if_cancelled();
  if (const std::size_t most = engine_.max_checkpoint(); most != 0 && value.size() > most) {
    throw std::length_error("a checkpoint of " + std::to_string(value.size()) +
                            " bytes: max_checkpoint allows " + std::to_string(most));
  }
  std::unique_lock lock(mutex_);
  checkpoint_ = std::move(value);
  checkpoint_unwritten_ = true;
  changed(lock);
}

void running_task::request_stop() {
  if (stop_sent_.exchange(true)) return;
  // User callbacks run in there: never on a transport thread.
  if (blocking_) {
    engine_.pool_.submit([self = shared_from_this()] { self->stop_.request_stop(); });
    return;
  }
  // The token first: whoever is woken by the cancellation finds out why.
  boost::asio::post(handlers_, [self = shared_from_this()] {
    self->stop_.request_stop();
    self->cancellation_.emit(boost::asio::cancellation_type::terminal);
  });
}

std::optional<stores::report_change> running_task::take_report() {
  const std::lock_guard lock(mutex_);
  dirty_ = false;
  stores::report_change change;
  change.progress = std::exchange(unwritten_progress_, std::nullopt);
  change.status_message = std::exchange(unwritten_message_, std::nullopt);
  if (std::exchange(checkpoint_unwritten_, false)) change.checkpoint = checkpoint_;
  if (!change.progress && !change.status_message && !change.checkpoint) return std::nullopt;
  return change;
}

void running_task::put_back(const stores::report_change& change) {
  std::unique_lock lock(mutex_);
  if (change.progress && !unwritten_progress_) unwritten_progress_ = change.progress;
  if (change.status_message && !unwritten_message_) unwritten_message_ = change.status_message;
  if (change.checkpoint) checkpoint_unwritten_ = true;
  changed(lock);
}

}  // namespace longhaul::tasks
