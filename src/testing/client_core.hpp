// SPDX-License-Identifier: Apache-2.0
// The inside of a client: its session, what it has under way, and what has come.
//
//   begin ──► POST ──► messages: noted, or answered ──► the reply ──► taken once
//                        │                               │
//                        │                               └─ asks (2026-07-28): answered, sent again
//                        └─ the connection ended before: GET with Last-Event-ID takes it up again
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/view.hpp"
#include "longhaul/testing/client.hpp"
#include "testing/bench.hpp"
#include "testing/messages.hpp"

namespace longhaul::testkit {

class client_core {
 public:
  client_core(const std::shared_ptr<bench>& server, client_options options);
  ~client_core();
  client_core(const client_core&) = delete;
  client_core& operator=(const client_core&) = delete;

  /// Before 2026-07-28. Throws `unexpected_error`.
  void begin_session();

  bool stateless() const noexcept { return options_.revision == revision::v2026_07_28; }
  bool knows_tasks() const noexcept { return options_.revision >= revision::v2025_11_25; }
  const client_options& options() const noexcept { return options_; }
  /// Throws `std::logic_error` if the server is gone.
  std::shared_ptr<bench> server() const;

  /// Sends a request; its number. `tasks`: this request declares the tasks extension.
  std::uint64_t begin(std::string_view method, const raw_json& params, bool tasks);
  void notify(std::string_view method, const raw_json& params);
  /// Takes what has come, and answers what it can. True: this request has its reply.
  bool ready(std::uint64_t number);
  /// Throws `waited_in_vain`, and `std::logic_error` for a reply that was taken, or was left.
  reply<result> wait(std::uint64_t number);
  void leave(std::uint64_t number);
  void cancel(std::uint64_t number, std::string_view reason);
  reply<result> request(std::string_view method, const raw_json& params, bool tasks) {
    return wait(begin(method, params, tasks));
  }

  void take_all();
  std::vector<notification> take_notifications();
  const std::vector<open_question>& questions() const noexcept { return questions_; }
  /// Those that are about this task, by the metadata that say so.
  std::vector<open_question> questions_of(std::string_view task) const;
  void answer(const open_question& asked, const question_reply& given);
  /// Null: there is none for this method.
  const answering* callback_for(std::string_view method) const;
  auth::caller who() const;

 private:
  struct exchange {
    std::string method;
    raw_json params;
    bool tasks = false;
    std::shared_ptr<stream> out = {};
    std::string id = {};  // of the request that waits for its reply, as JSON
    std::string last_event = {};
    std::string session = {};  // that began with its reply
    int rounds = 0;
    std::optional<reply<result>> answered = std::nullopt;
  };

  void send(exchange& one);
  header_list headers_of(const std::string& body, std::string_view method,
                         const raw_json& params) const;
  void append_parameters(header_list& into, const raw_json& params) const;
  raw_json completed(const exchange& one, std::uint64_t number) const;
  std::shared_ptr<stream> post(const std::string& body, std::string_view method,
                               const raw_json& params);
  void post_response(const std::string& body);
  void listen(const std::shared_ptr<stream>& out, const std::string& last_event);
  void take(exchange& one);
  void take_message(exchange* asker, json::value message);
  void take_reply(exchange& one, const wire::http_reply& given);
  void settle(exchange& one, json::value response);
  bool answer_and_repeat(exchange& one, const result& asking);
  void note_question(json::value request);

  const std::weak_ptr<bench> server_;
  const client_options options_;
  std::string session_;
  exchange listening_;
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, exchange> open_;
  std::vector<notification> notifications_;
  std::vector<open_question> questions_;
};

}  // namespace longhaul::testkit
