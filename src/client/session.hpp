// SPDX-License-Identifier: Apache-2.0
// A server as its client knows it: which revision it speaks, found out once, and what each request
// and each answer of that revision carries. Messages that nobody asked for find who follows what
// they are about.
//
//   unknown ──server/discover──► 2026-07-28, stateless
//      └────── no such thing ──initialize──► a session of an older revision
//   session ──404, or the program has ended──► unknown
//
// MCP 2026-07-28 "Versioning and Compatibility".
// Threads: that of the io_context.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/callbacks.hpp"
#include "client/link.hpp"
#include "client/messages.hpp"
#include "longhaul/client.hpp"
#include "protocol/era.hpp"

namespace longhaul::remote {

/// Who follows a request or a task.
class follower {
 public:
  /// Sends the result or the error of a question.
  using answerer = std::function<void(const answer_text&)>;

  virtual ~follower() = default;
  /// The server asks, in a session.
  virtual void asked(asked_question question, answerer answer) = 0;
  /// A question is taken back; `key` as it had.
  virtual void withdrawn(const std::string& key) = 0;
  /// `params` of `notifications/progress`.
  virtual void progressed(json::value params) = 0;
  /// A task has changed: as much of it as the server tells.
  virtual void task_changed(json::value task) = 0;
};

/// How a request is made.
struct asking {
  asking() = default;  // no aggregate: it is handed to coroutines

  bool tasks = false;  ///< the reply may be a task
  member_list meta = {};
  header_list headers = {};
  bool repeatable = false;  ///< twice is as good as once
  bool waits = false;       ///< the reply may take for ever
  std::shared_ptr<follower> who = nullptr;
};

class session : public std::enable_shared_from_this<session> {
 public:
  /// Throws `std::invalid_argument`.
  session(boost::asio::io_context& context, const server_place& place, client_options options);
  ~session();

  awaitable<server_facts> connect();
  /// The result. Throws `client_error`; an error of the server is `refused`.
  awaitable<raw_json> request(std::string method, raw_json params, asking how, interruption& ended);
  /// All elements of a list that comes in pages.
  awaitable<std::vector<raw_json>> list(std::string method, std::string member);
  /// One tool as `tools/list` has it, from the last time it was asked; absent: there is none.
  awaitable<raw_json> tool(std::string name, bool anew);
  awaitable<void> close();

  /// Who hears what is said about a task. Until `unfollow`.
  void follow(const std::string& task, const std::shared_ptr<follower>& who);
  void unfollow(const std::string& task, const follower* who);
  /// Changes of tasks are told right now, so that asking is only to be sure.
  bool listens() const noexcept { return listening_; }

  bool stateless() const noexcept { return version_ == protocol::revision::v2026_07_28; }
  protocol::revision version() const noexcept { return version_; }
  const client_options& options() const noexcept { return options_; }
  boost::asio::io_context& context() noexcept { return context_; }
  callbacks& calls_back() noexcept { return callbacks_; }
  std::string name() const { return link_->name(); }

 private:
  // Of the server, that is not answered yet.
  struct open_question {
    asked_question question;
    follower::answerer answer;
    std::weak_ptr<follower> who;
    bool left = false;  // by him, without an answer
  };
  struct open_request {
    std::weak_ptr<follower> who;
  };

  awaitable<void> find_out();
  awaitable<bool> discover();
  awaitable<void> initialize(std::string version);
  void read_facts(json::value result, protocol::revision version);
  raw_json completed(const std::string& method, const raw_json& params, const asking& how,
                     std::uint64_t number) const;
  outgoing written(const std::string& method, const raw_json& params, const asking& how,
                   std::uint64_t number) const;
  awaitable<raw_json> ask_once(const std::string& method, const raw_json& params, const asking& how,
                               interruption& ended);
  raw_json result_of(const raw_json& reply, const std::string& method) const;
  void give_up(std::uint64_t number);
  awaitable<void> post(outgoing message);

  void hear(const raw_json& message, const std::string& asked);
  void hear_request(json::value message, const std::string& asked);
  void hear_notification(std::string_view method, json::value params, const std::string& asked);
  std::shared_ptr<follower> owner_of(json::value params, const std::string& asked) const;
  void answer(const std::string& id, const answer_text& text);
  void ask_client(asked_question question, const follower::answerer& answer);

  void listen_later();
  awaitable<void> listen();
  raw_json followed_ids() const;

  boost::asio::io_context& context_;
  const client_options options_;
  std::shared_ptr<link> link_;
  callbacks callbacks_;
  protocol::revision version_ = protocol::revision::v2026_07_28;
  server_facts facts_;
  bool connected_ = false, connecting_ = false, was_connected_ = false, sessions_only_ = false;
  std::uint64_t generation_ = 0;
  boost::asio::steady_timer gate_;  // who waits for `connecting_`
  std::uint64_t next_ = 1;
  std::map<std::string, open_request> open_;                   // by id, which is the progress token
  std::multimap<std::string, std::weak_ptr<follower>> tasks_;  // by id
  std::map<std::string, open_question> questions_;             // by id of the request
  std::optional<std::vector<raw_json>> tools_;
  boost::asio::steady_timer listen_timer_;
  interruption listen_end_;
  std::string listen_id_;
  bool listening_ = false, listens_ = false, cannot_listen_ = false, closed_ = false;
};

}  // namespace longhaul::remote
