// SPDX-License-Identifier: Apache-2.0
#include "wire/listening.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <map>
#include <utility>

#include "server/waiting.hpp"
#include "wire/notifications.hpp"
#include "wire/questions.hpp"
#include "wire/task_json.hpp"

namespace longhaul::wire {
namespace {

using serving::exchange_ptr;

// A pipe as a stream of a session: without ids, as it is never taken up again.
class pipe_stream final : public outlet {
 public:
  explicit pipe_stream(std::shared_ptr<outlet> pipe) : pipe_(std::move(pipe)) {}

  bool send(std::string message) override { return pipe_->send(std::move(message)); }
  bool send_event(stream_event event, urgency how) override {
    if (!event.data) return true;
    if (how == urgency::news) return pipe_->send(*event.data);
    pipe_->send_reply(*event.data);
    return true;
  }
  void expect_wait() override {}
  void on_gone(std::function<void()>) override {}  // who leaves a pipe ends it

 private:
  const std::shared_ptr<outlet> pipe_;
};

// What a GET stream tells of one task, while no `tasks/result` of the session does; of a pipe only
// what the client has to answer.
class listening_audience final : public serving::audience {
 public:
  listening_audience(const context& shared, session& client, serving::task_view start,
                     stream_number stream)
      : shared_(shared),
        client_(client),
        start_(std::move(start)),
        origin_(start_.task->origin),
        stream_(stream),
        token_(json::value(origin_->request_meta)["progressToken"]),
        related_(related_task(origin_->id)) {}

  /// It is followed from here on: how it stands, and then all that happens.
  void waiting() override { changed(start_); }

  bool wants_progress() const override {
    if (client_.on_pipe()) return false;
    return token_.is(json::kind::string) || token_.is(json::kind::number);
  }
  std::optional<double> told() const override { return client_.told_progress(origin_->id); }

  bool progress(const tasks::progress_event& event) override {
    if (!carries()) return false;
    if (client_.advance_progress(origin_->id, event.state.done)) {
      client_.streams().send(stream_, progress_message(token_, event, related_));
    }
    return true;
  }

  bool changed(const serving::task_view& view) override {
    client_.streams().keep_open_questions(*view.task);
    if (client_.on_pipe() || !carries()) return true;
    return client_.streams().send(stream_,
                                  status_message(client_.look().tasks, view, shared_.clock.now()));
  }

  bool question(const task_record& task, const task_input& input, int round) override {
    if (!may_be_asked(client_.modes(), json::value(input.request))) return true;
    return client_.streams().ask_of_task(
        {shared_.questions.make(task.id(), input.key, round), task.id(), input.key,
         question_message(shared_, client_.look().questions, task, input, round, related_)});
  }

  bool url_done(const task_record& task, std::string_view key) override {
    if (!client_.look().questions.url_ids || !carries()) return true;
    if (client_.on_pipe() && client_.stream_is_held(origin_->id)) return true;  // that one tells
    return client_.streams().send(stream_, url_done_message(shared_, task, key));
  }

 private:
  bool carries() const { return client_.streams().carries(origin_->id, stream_); }

  const context& shared_;
  session& client_;
  const serving::task_view start_;  // as it was found
  const std::shared_ptr<const task_origin> origin_;
  const stream_number stream_;
  const json::value token_;  // views origin_->request_meta
  const std::string related_;
};

// Until the task ends, or its mailbox is abandoned.
awaitable<void> tell_of_task(context& shared, std::shared_ptr<session> client,
                             std::shared_ptr<const serving::caller> who, std::string id,
                             exchange_ptr mailbox, stream_number stream) {
  const auto known = co_await shared.server.get(*who, id, "");
  const auto* const view = std::get_if<serving::task_view>(&known);
  bool ended = view == nullptr || view->task->terminal();
  if (view != nullptr && ended) {  // faster than we were: its end is told all the same
    listening_audience(shared, *client, *view, stream).waiting();
  } else if (!ended) {
    listening_audience audience(shared, *client, *view, stream);
    const auto reply = co_await shared.server.result(*who, id, mailbox, audience);
    const auto* const last = std::get_if<serving::task_view>(&reply);
    ended = last != nullptr && last->task->terminal();
  }
  if (ended) client->streams().forget_task(id);
}

// One GET, from its head to its end.
class listening {
 public:
  listening(context& shared, std::shared_ptr<session> client,
            std::shared_ptr<const serving::caller> who, std::shared_ptr<outlet> out,
            const boost::asio::any_io_executor& executor)
      : shared_(shared),
        client_(std::move(client)),
        who_(std::move(who)),
        out_(std::move(out)),
        executor_(executor),
        mailbox_(std::make_shared<serving::exchange>(executor)) {}
  listening(const listening&) = delete;
  listening& operator=(const listening&) = delete;
  ~listening() {
    mailbox_->close();
    for (const auto& [id, mailbox] : telling_) mailbox->abandon();
  }

  /// Null: it goes on.
  std::optional<http_reply> begin(const std::optional<std::string>& last_event);
  awaitable<void> run();

 private:
  std::optional<http_reply> resume(const std::string& last_event);
  void tell_news();
  void follow_tasks();

  context& shared_;
  const std::shared_ptr<session> client_;
  const std::shared_ptr<const serving::caller> who_;
  const std::shared_ptr<outlet> out_;
  const boost::asio::any_io_executor executor_;
  const exchange_ptr mailbox_;
  stream_number stream_ = 0;
  bool listens_ = true;  // else it is the stream of a request, taken up again
  std::map<std::string, exchange_ptr> telling_;
};

std::optional<http_reply> listening::begin(const std::optional<std::string>& last_event) {
  out_->on_gone([weak = std::weak_ptr(mailbox_)] {
    if (const auto mailbox = weak.lock()) mailbox->abandon();
  });
  if (last_event) {
    if (auto answered = resume(*last_event)) return answered;
  } else {
    stream_ = client_->streams().listen(out_, mailbox_);
  }
  if (stream_ == 0) return http_refusal(404, "There is no such session");  // it ended this moment
  out_->expect_wait();
  if (!shared_.streams.add(mailbox_)) mailbox_->shut_down();
  return std::nullopt;
}

// What is not there any more is said, never passed over: the client decides whether to go on
// without. Only what another process sent is not known here: its clients get the present state of
// tasks, and open questions, on a new stream.
std::optional<http_reply> listening::resume(const std::string& last_event) {
  const auto resumed = client_->streams().resume(last_event, out_, mailbox_);
  stream_ = resumed.stream;
  listens_ = resumed.listens;
  switch (resumed.how) {
    case session_streams::resumption::resumed:
      return std::nullopt;
    case session_streams::resumption::ended:
      return http_reply{};
    case session_streams::resumption::unknown:
      if (client_->restored()) {  // it can be another process's
        listens_ = true;
        stream_ = client_->streams().listen(out_, mailbox_);
        return std::nullopt;
      }
      return http_refusal(400, "Invalid request: Last-Event-ID is none of this session's events");
    case session_streams::resumption::dropped:
      break;
  }
  return http_refusal(410,
                      "What followed Last-Event-ID is not kept any more; GET without it opens a "
                      "new stream");
}

void listening::tell_news() {
  if (client_->on_pipe()) return follow_tasks();  // news go out by themselves
  client_->news().tell(
      [this](std::string message) { return client_->streams().tell(std::move(message)); });
  follow_tasks();
}

void listening::follow_tasks() {
  std::map<std::string, exchange_ptr> told;
  for (const std::string& id : client_->streams().tasks()) {
    auto known = telling_.extract(id);
    if (!known.empty()) {
      told.insert(std::move(known));
      continue;
    }
    const auto mailbox = std::make_shared<serving::exchange>(executor_);
    told.emplace(id, mailbox);
    auto telling = tell_of_task(shared_, client_, who_, id, mailbox, stream_);
    boost::asio::co_spawn(executor_, std::move(telling), boost::asio::detached);
  }
  for (const auto& [id, mailbox] : telling_) mailbox->abandon();  // ended, or too many
  telling_ = std::move(told);
}

awaitable<void> listening::run() {
  while (true) {
    if (listens_) tell_news();
    co_await mailbox_->wait();
    const serving::exchange::batch batch = mailbox_->take();
    if (batch.abandoned) co_return client_->streams().left(stream_, out_.get());
    if (batch.shutting_down) co_return client_->streams().retire(stream_, out_);
  }
}

}  // namespace

awaitable<void> carry_questions(context& shared, std::shared_ptr<session> client,
                                std::shared_ptr<const serving::caller> who,
                                std::shared_ptr<outlet> pipe) {
  const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
  listening stream(shared, std::move(client), std::move(who),
                   std::make_shared<pipe_stream>(std::move(pipe)), executor);
  if (stream.begin(std::nullopt)) co_return;
  co_await stream.run();
}

http_reply http_refusal(int status, std::string_view words, int error_code) {
  http_reply reply;
  reply.status = status;
  reply.body = error_reply({}, error_code, words);
  return reply;
}

awaitable<http_reply> serve_listening(context& shared, std::shared_ptr<session> client,
                                      std::shared_ptr<const serving::caller> who,
                                      std::optional<std::string> last_event,
                                      std::shared_ptr<outlet> out) {
  const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
  listening stream(shared, std::move(client), std::move(who), std::move(out), executor);
  if (auto answered = stream.begin(last_event)) co_return *std::move(answered);
  co_await stream.run();
  co_return http_reply{};
}

}  // namespace longhaul::wire
