// SPDX-License-Identifier: Apache-2.0
// How a running task asks: a place to wait is found before anybody sees the question, the question
// is stored, the slot is left to others, and taken again before the handler goes on, answered or
// not.
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <optional>

#include "tasks/certain.hpp"
#include "tasks/parking.hpp"
#include "tasks/running_task.hpp"
#include "tasks/waiter.hpp"

namespace longhaul::tasks {

class running_task::answer_wait {
 public:
  explicit answer_wait(std::atomic<int>& count) : count_(count) { ++count_; }
  answer_wait(const answer_wait&) = delete;
  answer_wait& operator=(const answer_wait&) = delete;
  ~answer_wait() { --count_; }

 private:
  std::atomic<int>& count_;
};

// As long as it asks, nobody expects a sign of life.
class running_task::asking_time {
 public:
  explicit asking_time(running_task& run) : run_(run) { ++run_.asking_; }
  asking_time(const asking_time&) = delete;
  asking_time& operator=(const asking_time&) = delete;
  ~asking_time() {
    run_.alive();
    --run_.asking_;
  }

 private:
  running_task& run_;
};

boost::asio::awaitable<task_ptr> running_task::look() {
  const auto read = [this] { return store().look(claimed_->owner(), id()); };
  return certain(read);
}

boost::asio::awaitable<std::vector<question_reply>> running_task::put_questions(
    std::vector<stores::question> questions) {
  const asking_time asking(*this);
  // Before anybody sees a question there is a place to wait for its answer.
  std::optional<parking> place;
  if (uses_slots_ && !tool().options.keeps_slot) {
    place.emplace(host_.slots(), *this);
    if (!place->found()) {
      const task_ptr now = co_await look();
      if (!now || !all_answered(*now, questions)) {
        throw question_error(
            "too many tasks wait for an answer already (max_parked); try again later");
      }
    }
  }
  task_ptr task = co_await store_questions(questions);
  if (all_answered(*task, questions)) co_return answers_of(*task, questions);
  if (place) {
    place->leave();
    host_.slot_was_left();
  }
  std::exception_ptr given_up;
  const stopwatch watch;
  try {
    task = co_await wait_for_answers(task, questions);
  } catch (...) {
    given_up = std::current_exception();
  }
  for (const auto& one : observers()) {
    one->asked(begun(), watch.so_far(), questions.size(), given_up == nullptr);
  }
  // Whoever gives a question up goes on running as well: with a slot, like everybody. What
  // cancelled it is told again by the next `co_await` of the handler.
  if (place && !cancelled()) {
    const bool throws = co_await boost::asio::this_coro::throw_if_cancelled();
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    co_await place->retake();
    co_await boost::asio::this_coro::throw_if_cancelled(throws);
  }
  if (given_up) std::rethrow_exception(given_up);
  throw_if_cancelled();
  co_return answers_of(*task, questions);
}

boost::asio::awaitable<task_ptr> running_task::store_questions(
    const std::vector<stores::question>& questions) {
  const auto write = [&] { return store().ask(id(), writer(), questions); };
  const stores::change_result asked = co_await certain(write);
  switch (asked.code) {
    case stores::change_code::applied:
    case stores::change_code::unchanged:
      co_return asked.task;
    case stores::change_code::key_reused:
      throw question_error("input key reused: a key names one question for the task's whole life");
    default:
      request_stop();
      throw task_stopped();
  }
}

boost::asio::awaitable<task_ptr> running_task::wait_for_answers(
    task_ptr now, const std::vector<stores::question>& questions) {
  const auto hears = std::make_shared<waiter>(co_await boost::asio::this_coro::executor);
  const waiter::closer closing(*hears);
  const auto following = host_.follow(id(), hears);
  const std::stop_callback on_stop(stop_token(), [&hears] { hears->wake(); });
  const answer_wait here(waiting_);
  // Read once more: an answer may have come between the question and the registration.
  if (task_ptr current = co_await look()) now = std::move(current);
  while (!all_answered(*now, questions)) {
    if (now->terminal() || now->epoch != claimed_->epoch || cancelled()) throw task_stopped();
    if (task_ptr newer = co_await hears->next(); newer && newer->rev > now->rev) {
      now = std::move(newer);
    }
  }
  co_return now;
}

}  // namespace longhaul::tasks
