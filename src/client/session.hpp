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
#include <set>
#include <stop_token>
#include <string>
#include <string_view>

#include "client/gate.hpp"
#include "client/link.hpp"
#include "client/loop.hpp"
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
  /// What is said (`session::sent_now`) when it is sent again although it may have been carried
  /// out; empty: nothing.
  std::string first_sent = {};
};

class session : public std::enable_shared_from_this<session> {
 public:
  /// Throws `std::invalid_argument`.
  session(std::shared_ptr<loop> on, const server_place& place, client_options options);
  ~session();

  awaitable<server_facts> connect();
  /// The same, which somebody else may leave; whoever waits beside him goes on.
  awaitable<void> ready(interruption& ended);
  const server_facts& facts() const noexcept { return facts_; }
  /// The result. Throws `client_error`; an error of the server is `refused`.
  awaitable<raw_json> request(std::string method, raw_json params, asking how, interruption& ended);
  /// All elements of a list that comes in pages.
  awaitable<std::vector<raw_json>> list(std::string method, std::string member,
                                        interruption& ended);
  /// One tool as `tools/list` has it, from the last time it was asked; absent: there is none.
  awaitable<raw_json> tool(std::string name, bool anew, interruption& ended);
  /// What a call of it carries in headers, as far as its definition is known. Throws
  /// `client_error`, `broken`, if it was left out of the list.
  header_list mirrored(const std::string& name, const raw_json& arguments) const;
  /// It may be another server by now, or another version of it: found out again. Not in a session,
  /// which would say so itself.
  void doubt() noexcept { connected_ = connected_ && !stateless(); }
  /// What a call that is sent now says later, when it is sent again: an object of JSON. Empty: the
  /// server knows no idempotency keys, so that nothing may be sent twice.
  std::string sent_now() const;
  /// Whatever is under way ends with `left`.
  awaitable<void> close();
  bool closed() const noexcept { return closed_; }

  /// Who hears what is said about a task. Until `unfollow`.
  void follow(const std::string& task, const std::shared_ptr<follower>& who);
  void unfollow(const std::string& task, const follower* who);
  /// A resource: `client_options::on_notification` hears of its changes, until `unwatch`. True.
  /// Throws `client_error`.
  awaitable<bool> watch(std::string uri);
  /// False: it was not watched.
  awaitable<bool> unwatch(std::string uri);
  /// Its changes are told right now, so that asking is only to be sure.
  bool listens(const std::string& task) const { return listened_.contains(task); }

  bool over_http() const noexcept { return link_->http(); }
  bool stateless() const noexcept { return version_ == protocol::revision::v2026_07_28; }
  protocol::revision version() const noexcept { return version_; }
  const client_options& options() const noexcept { return options_; }
  boost::asio::io_context& context() noexcept { return context_; }
  callbacks& calls_back() noexcept { return loop_->calls_back(); }
  std::string name() const { return link_->name(); }

 private:
  // Of the server, that is not answered yet.
  struct open_question {
    asked_question question;
    follower::answerer answer;
    std::weak_ptr<follower> who;
    std::stop_source withdrawn = {};
    bool left = false;  // by him, without an answer
  };
  struct open_request {
    std::weak_ptr<follower> who;
  };

  enum class found { stateless, sessions, silence, contradiction };
  struct finding;  // out what the server is; others wait for it
  class under_way;

  void open();
  awaitable<void> find_out(std::shared_ptr<finding> one);
  awaitable<void> choose();
  awaitable<raw_json> take_step(outgoing message);
  awaitable<found> discover(milliseconds time);
  awaitable<found> discover_once(milliseconds time, bool again);
  found kind_of_server(const raw_json& reply, bool again);
  awaitable<void> begin_session(std::string version, bool was_silent);
  awaitable<void> initialize(std::string version);
  void read_facts(json::value result, protocol::revision version);
  raw_json completed(const std::string& method, const raw_json& params, const asking& how,
                     std::uint64_t number) const;
  outgoing written(const std::string& method, const raw_json& params, const asking& how,
                   std::uint64_t number) const;
  awaitable<raw_json> ask_once(const std::string& method, const raw_json& params, const asking& how,
                               interruption& ended);
  awaitable<raw_json> exchange(outgoing message, interruption& ended);
  raw_json result_of(const raw_json& reply, const std::string& method) const;
  bool may_repeat(const request_error& failed, const asking& how) const;
  void give_up(std::uint64_t number);
  awaitable<void> post(outgoing message);

  void hear(const raw_json& message, const std::string& asked);
  void hear_request(json::value message, const std::string& asked);
  void hear_notification(std::string_view method, json::value params, const std::string& asked);
  std::shared_ptr<follower> owner_of(json::value params, const std::string& asked) const;
  void answer(const std::string& id, const answer_text& text);
  void answer_question(const std::string& id, std::uint64_t session, const answer_text& text);
  void ask_client(asked_question question, const follower::answerer& answer);
  void forget_questions();

  void keep_tools(std::vector<raw_json>& all);
  void tell_left_out(const std::string& name, const std::string& fault);

  void listen_later();
  awaitable<void> listen();
  bool has_to_listen() const {
    return !tasks_.empty() || !watched_.empty() || bool(options_.on_notification);
  }
  raw_json what_to_hear() const;
  awaitable<void> watch_by_listening(const std::string& uri);
  void hear_granted(json::value uris);
  awaitable<void> renew_watches();
  void tell_all_changed();
  void tell_notification(std::string_view method, json::value params);

  const std::shared_ptr<loop> loop_;  // the first: what follows is on it
  boost::asio::io_context& context_;
  const client_options options_;
  std::shared_ptr<link> link_;
  protocol::revision version_ = protocol::revision::v2026_07_28;
  server_facts facts_;
  std::optional<std::int64_t> server_time_;  // ms since 1970, when it was heard
  std::chrono::steady_clock::time_point server_time_heard_;
  std::string keys_kept_by_;
  bool connected_ = false, was_connected_ = false, sessions_only_ = false;
  std::shared_ptr<finding> finding_;  // under way
  interruption finding_end_;          // of its pause
  std::string discover_id_;           // of the question that a program left open
  bool is_slow_ = false;              // … and answered later: it needs more time
  std::uint64_t generation_ = 0;      // of the link, when it was found out
  std::uint64_t session_number_ = 0;
  gate short_requests_;
  std::set<interruption*> under_way_;
  std::size_t posts_ = 0;  // messages that nobody waits for, under way
  boost::asio::steady_timer posted_;
  std::uint64_t next_ = 1;
  std::map<std::string, open_request> open_;                   // by id, which is the progress token
  std::multimap<std::string, std::weak_ptr<follower>> tasks_;  // by id
  std::map<std::string, open_question> questions_;             // by id of the request
  std::optional<std::vector<raw_json>> tools_;                 // as listed last
  std::map<std::string, std::string> faulty_tools_;            // not among them: name, and why
  boost::asio::steady_timer listen_timer_;
  interruption listen_end_;
  std::string listen_id_;
  std::set<std::string> listened_;  // tasks whose changes are told
  // Resources: those that are wanted, of which the stream asked for some, and what came of these.
  std::set<std::string> watched_, asked_for_, granted_, refused_;
  boost::asio::steady_timer answered_;  // the stream that listens was
  bool listens_ = false, cannot_listen_ = false, closed_ = false;
};

}  // namespace longhaul::remote
