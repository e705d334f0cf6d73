// SPDX-License-Identifier: Apache-2.0
// One pipe: both eras side by side, told apart message by message. At most one legacy session,
// begun by the last `initialize`; it and the requests that stand alone share one space of ids,
// because they share the pipe.
//
// Threads: `handle` is called by one thread; up to its first suspension it runs in order, which is
// all that `initialize` and notifications need. What comes after may end anywhere.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <new>
#include <stdexcept>
#include <utility>

#include "wire/endpoints.hpp"
#include "wire/envelope.hpp"
#include "wire/listening.hpp"
#include "wire/method_table.hpp"
#include "wire/methods/initialize.hpp"
#include "wire/notifications.hpp"
#include "wire/refusals.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {
namespace {

// What failed may have failed anywhere: the ids are looked for anew.
std::string answer_to_failure(std::string_view line, bool no_memory) {
  const malformed fault = refuse_failure(line, no_memory);
  return refusal_reply(fault, false, no_memory ? busy_data() : std::string());
}

class pipe_envelope final : public pipe_endpoint, private envelope {
 public:
  pipe_envelope(serving::dispatcher& server, const endpoint_options& options,
                std::shared_ptr<outlet> out)
      : envelope(server, options), out_(std::move(out)), who_(auth::local_caller()) {}

  awaitable<void> handle(std::string line) override {
    std::string reply;
    std::shared_ptr<session> begun;
    bool failed = false, no_memory = false;
    try {
      if (line.find_first_not_of(" \t\r") == std::string::npos) co_return;
      carrier from{.who = who_, .out = out_, .wait_announced = true};
      reply = (co_await answer(from, line)).body;
      begun = std::move(from.begun);
    } catch (const std::bad_alloc&) {
      failed = no_memory = true;
      shared_.log.error("message.failed", "no memory is left");
    } catch (const std::exception& e) {
      failed = true;
      shared_.log.error("message.failed", e.what());
    } catch (...) {  // of a user: `visible_to`, say
      failed = true;
      shared_.log.error("message.failed", "with what is no std::exception");
    }
    try {
      if (failed) reply = answer_to_failure(line, no_memory);
      if (!reply.empty()) out_->send_reply(std::move(reply));
      if (!begun) co_return;
      const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
      carry_questions_of(std::move(begun), executor);
    } catch (const std::exception&) {
      co_return;  // not even for this there is memory
    }
  }

  std::string refuse_long(std::string_view beginning) const override {
    const malformed fault = refuse_text(beginning, code::invalid_request,
                                        "Invalid request: this line is too long for a message");
    const bool any_id = fault.id || std::ranges::any_of(fault.elements, [](const glimpse& one) {
                          return one.id && !one.unanswerable;
                        });
    return any_id ? refusal_reply(fault, false) : std::string();
  }

  void shut_down() override { stop(); }

  void leave(std::chrono::milliseconds age) override {
    requests_->leave(std::chrono::steady_clock::now() - age);
  }

 private:
  era era_of(const carrier& from, const message& text) const override {
    return text.kind == message_kind::request ? era_of_pipe_message(from.meta) : era::legacy;
  }
  std::optional<wire_reply> check_stateless(carrier&, const message&) override {
    return std::nullopt;
  }
  std::optional<wire_reply> find_session(carrier& from, const message& text) override;
  std::optional<wire_reply> find_session_for_array(carrier& from, json::value) override {
    from.client = session_;
    return std::nullopt;
  }
  wire_reply begin_session(carrier& from, const message& request,
                           const initialization& wanted) override;
  void carry_questions_of(std::shared_ptr<session> begun,
                          const boost::asio::any_io_executor& executor);
  std::shared_ptr<open_requests> requests_of(const carrier&) const override { return requests_; }
  std::optional<wire_reply> refuse_crowded(const message& request) const override;
  bool null_error_ids(const carrier&) override {
    return session_ && session_->look().null_error_ids;
  }

  const std::shared_ptr<outlet> out_;
  const serving::caller who_;
  const std::shared_ptr<open_requests> requests_ = std::make_shared<open_requests>();
  std::shared_ptr<session> session_;            // null before `initialize`; set before a suspension
  std::deque<std::weak_ptr<session>> earlier_;  // whose questions are carried still
};

// Without a session there is nothing to do but to answer pings and to take what needs none.
std::optional<wire_reply> pipe_envelope::find_session(carrier& from, const message& text) {
  from.client = session_;
  if (session_ || text.kind != message_kind::request) return std::nullopt;
  if (auto refused = refuse_crowded(text)) return refused;
  const open_request opened(requests_, id_key(text.id), is_urgent(text.method));
  if (!opened.accepted()) return refuse_to_open(look_of(newest_legacy), text, opened.state());
  if (text.method == "ping") return wire_reply{200, result_reply(text.id, "{}")};
  return refuse_message(400, code::invalid_request,
                        "Invalid request: 'initialize' first, or send '_meta' with "
                        "io.modelcontextprotocol/protocolVersion (2026-07-28)",
                        text);
}

// A second time begins a new session: proxies send one a client. What is open goes on as it began.
wire_reply pipe_envelope::begin_session(carrier& from, const message& request,
                                        const initialization& wanted) {
  if (session_) earlier_.push_back(session_);
  if (earlier_.size() > tunables::earlier_sessions) {
    if (const auto oldest = earlier_.front().lock()) oldest->streams().close();
    earlier_.pop_front();
  }
  session_ = std::make_shared<session>(std::string(), from.who, *wanted.look, wanted.modes);
  session_->follow(client_news::begin(
      shared_.server.features(), from.who.owner,
      [out = out_](std::string message) { return out->send(std::move(message)); },
      wanted.extensions));
  from.begun = session_;
  return initialize_reply(shared_, request.id, *wanted.look, from.who);
}

void pipe_envelope::carry_questions_of(std::shared_ptr<session> begun,
                                       const boost::asio::any_io_executor& executor) {
  if (begun->look().tasks.tasks != task_look::dialect::requested) return;
  auto carrying = carry_questions(shared_, std::move(begun),
                                  std::make_shared<const serving::caller>(who_), out_);
  boost::asio::co_spawn(executor, std::move(carrying), boost::asio::detached);
}

// Who does not read what it asked for may still ask less of us.
std::optional<wire_reply> pipe_envelope::refuse_crowded(const message& request) const {
  if (!out_->crowded() || is_urgent(request.method)) return std::nullopt;
  return busy(modern_look(), request.id,
              "too much waits to be read, or to be done: try again later",
              tunables::crowded_retry_after);
}

}  // namespace

std::unique_ptr<pipe_endpoint> make_pipe_endpoint(serving::dispatcher& server,
                                                  const endpoint_options& options,
                                                  std::shared_ptr<outlet> out) {
  return std::make_unique<pipe_envelope>(server, options, std::move(out));
}

}  // namespace longhaul::wire
