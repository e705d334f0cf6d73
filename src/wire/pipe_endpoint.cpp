// SPDX-License-Identifier: Apache-2.0
// One pipe: both eras side by side, told apart message by message. At most one legacy session,
// begun by the last `initialize`; it and the modern requests share one space of ids, because they
// share the pipe.
//
// Threads: `handle` is called by one thread; up to its first suspension it runs in order, which is
// all that `initialize` and notifications need. What comes after may end anywhere.
#include <algorithm>
#include <new>

#include "wire/endpoints.hpp"
#include "wire/legacy.hpp"
#include "wire/modern_2026_07_28.hpp"
#include "wire/modern_tasks.hpp"
#include "wire/service.hpp"

namespace longhaul::wire {
namespace {

serving::refused crowded_refusal() {
  serving::refused busy;
  busy.why = serving::refusal::busy;
  busy.message = "too much waits to be read, or to be done: try again later";
  busy.retry_after = milliseconds(1000);
  return busy;
}

class endpoint final : public pipe_endpoint {
 public:
  endpoint(serving::dispatcher& server, const endpoint_options& options,
           std::shared_ptr<outlet> out)
      : shared_(server, options), modern_(shared_), out_(std::move(out)), who_(local_caller()) {}

  awaitable<void> handle(std::string line) override {
    std::string reply;
    bool failed = false, no_memory = false;
    try {
      auto answering = answer(line);
      reply = co_await std::move(answering);
    } catch (const std::bad_alloc&) {
      failed = no_memory = true;
      shared_.log.error("message.failed", "no memory is left");
    } catch (const std::exception& e) {
      failed = true;
      shared_.log.error("message.failed", e.what());
    }
    try {
      if (failed) reply = answer_to_failure(line, no_memory);
      if (!reply.empty()) out_->send_reply(std::move(reply));
    } catch (const std::exception&) {  // not even for this there is memory
    }
  }

  std::string refuse_long(std::string_view beginning) const override {
    const malformed what = refuse_text(beginning, code::invalid_request,
                                       "Invalid request: this line is too long for a message");
    const bool any_id = what.id || std::ranges::any_of(what.elements, [](const glimpse& one) {
                          return one.id && !one.unanswerable;
                        });
    return any_id ? refusal_reply(what, false) : std::string();
  }

  void shut_down() override {
    shared_.stopping = true;
    shared_.streams.shut_down();
  }

  void leave(std::chrono::milliseconds age) override {
    requests_->leave(std::chrono::steady_clock::now() - age);
  }

 private:
  awaitable<std::string> answer(std::string& line);
  awaitable<std::string> take_message(const message& what, bool in_batch);
  awaitable<std::string> take_request(const message& what, bool in_batch);
  awaitable<std::string> take_batch(json::value batch);
  void take_notification(const message& what);
  std::string initialize(const message& what, const request_meta& meta, open_request& open);
  std::string refuse_malformed(const malformed& what) const;
  static std::string answer_to_failure(std::string_view line, bool no_memory);

  service shared_;
  modern_2026_07_28 modern_;
  const std::shared_ptr<outlet> out_;
  const serving::caller who_;
  const std::shared_ptr<open_requests> requests_ = std::make_shared<open_requests>();
  std::shared_ptr<session> session_;  // null before `initialize`; set before a suspension
};

awaitable<std::string> endpoint::answer(std::string& line) {
  if (line.find_first_not_of(" \t\r") == std::string::npos) co_return std::string();
  if (const auto fault = validate_text(line)) co_return refuse_malformed(*fault);
  const json::value text{std::string_view(line)};
  if (text.is(json::kind::array)) co_return co_await take_batch(text);
  const auto read = read_message(text);
  if (const auto* fault = std::get_if<malformed>(&read)) co_return refuse_malformed(*fault);
  co_return co_await take_message(std::get<message>(read), false);
}

std::string endpoint::refuse_malformed(const malformed& what) const {
  return refusal_reply(what, session_ && session_->dialect().looks().null_error_ids);
}

// What failed may have failed anywhere: the ids are looked for anew.
std::string endpoint::answer_to_failure(std::string_view line, bool no_memory) {
  const malformed what = refuse_failure(line, no_memory);
  return refusal_reply(what, false, no_memory ? busy_data() : std::string());
}

awaitable<std::string> endpoint::take_message(const message& what, bool in_batch) {
  if (what.kind == message_kind::response) {
    co_await take_response(shared_, who_, what);
    co_return std::string();
  }
  if (what.kind == message_kind::notification) {
    take_notification(what);
    co_return std::string();
  }
  co_return co_await take_request(what, in_batch);
}

void endpoint::take_notification(const message& what) {
  if (what.method == "notifications/initialized") {
    if (session_) session_->set_initialized();
  } else if (what.method == "notifications/cancelled") {
    const json::value id = what.params["requestId"];
    if (id.is(json::kind::string) || id.is(json::kind::number)) requests_->cancel(id_key(id));
  }
}

awaitable<std::string> endpoint::take_request(const message& what, bool in_batch) {
  const request_meta meta = read_meta(what.params);
  const era spoken = era_of_pipe_message(meta);
  if (spoken == era::missing_meta) {
    co_return error_reply(what.id, code::invalid_params,
                          "Invalid params: '_meta' lacks "
                          "io.modelcontextprotocol/clientCapabilities");
  }
  if (spoken == era::unsupported) {
    co_return modern_2026_07_28::refuse_version(what.id, meta.version).body;
  }
  // Who does not read what it asked for may still ask less of us.
  if (out_->crowded() && !is_urgent(what)) {
    co_return busy_reply(what.id, crowded_refusal());
  }
  open_request open(requests_, id_key(what.id), is_urgent(what));
  if (!open.accepted()) co_return refuse_to_open(what, open.state()).body;
  bool wait_announced = true;
  const incoming in{what, meta, who_, out_, open, wait_announced, true, true};
  wire_reply reply;
  if (spoken == era::modern) {
    reply = co_await modern_.handle(in);
  } else if (what.method == "initialize" && !in_batch) {
    co_return initialize(what, meta, open);
  } else if (const auto of = session_) {
    reply = co_await handle_legacy(shared_, in, *of);
  } else if (what.method == "ping") {
    reply.body = result_reply(what.id, "{}");
  } else {
    co_return error_reply(what.id, code::invalid_request,
                          "Invalid request: 'initialize' first, or send '_meta' with "
                          "io.modelcontextprotocol/protocolVersion (2026-07-28)");
  }
  if (open.close()) co_return std::string();  // cancelled: no response follows
  co_return std::move(reply.body);
}

std::string endpoint::initialize(const message& what, const request_meta& meta,
                                 open_request& open) {
  initialization wanted;
  if (const auto fault = read_initialize(what.params.whole(), wanted); !fault.empty()) {
    return error_reply(what.id, code::invalid_params, fault);
  }
  // A second time begins a new session: proxies send one a client. What is open goes on as it
  // began.
  session_ = std::make_shared<session>(std::string(), who_, *wanted.dialect, wanted.modes);
  bool wait_announced = true;
  const incoming in{what, meta, who_, out_, open, wait_announced, true, true};
  return initialize_reply(shared_, in, *wanted.dialect).body;
}

awaitable<std::string> endpoint::take_batch(json::value batch) {
  if (!session_ || !takes_array(*session_, batch)) {
    co_return refuse_malformed(refuse_text(batch.raw(), code::invalid_request, array_not_taken));
  }
  std::string replies;
  for (json::elements e(batch); e.next();) {
    const auto read = read_message(e.value());
    std::string reply;
    if (const auto* fault = std::get_if<malformed>(&read)) {
      reply = refuse_malformed(*fault);
    } else {
      auto taking = take_message(std::get<message>(read), true);
      reply = co_await std::move(taking);
    }
    if (reply.empty()) continue;
    replies += replies.empty() ? '[' : ',';
    replies += reply;
  }
  if (!replies.empty()) replies += ']';
  co_return replies;
}

}  // namespace

serving::caller local_caller() {
  serving::caller who;
  who.owner = who.quota = "local";
  who.identified = true;
  return who;
}

std::unique_ptr<pipe_endpoint> make_pipe_endpoint(serving::dispatcher& server,
                                                  const endpoint_options& options,
                                                  std::shared_ptr<outlet> out) {
  return std::make_unique<endpoint>(server, options, std::move(out));
}

}  // namespace longhaul::wire
