// SPDX-License-Identifier: Apache-2.0
// A client of a `test_server`: any revision of the protocol, as many of them as a test wants, each
// as a caller of its own. It speaks as over Streamable HTTP: before 2026-07-28 it begins a session
// and listens to it by GET.
//
// Functions that wait answer the server's questions meanwhile, by the callbacks of
// `client_options`, on the calling thread. A question without a callback stays open: tests answer
// it with `answer_task`.
//
// Threads: one at a time for each client; several clients may be used at once.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/question.hpp"
#include "longhaul/raw_json.hpp"
#include "longhaul/schema.hpp"
#include "longhaul/testing/reply.hpp"
#include "longhaul/testing/test_server.hpp"

namespace longhaul::testkit {

/// In the order of time.
enum class revision : std::uint8_t { v2025_03_26, v2025_06_18, v2025_11_25, v2026_07_28 };

/// Answers a question of the server, given the `params` of its request. What `answer`,
/// `sampling_response`, a vector of `root` and `question_reply::refusal` convert to.
using answering = std::function<question_reply(const raw_json& params)>;

struct client_options {
  testkit::revision revision = testkit::revision::v2026_07_28;
  /// Who calls: `local`, `key:<name>`, … as handlers see it in `task.caller().owner`.
  /// `anonymous`: over HTTP, without a key.
  std::string owner = "local";
  /// What this client does when it is asked; what has a callback is declared as a capability.
  answering elicit = {}, sample = {}, list_roots = {};
  /// More that it declares: what the test answers itself.
  std::vector<client_capability> can = {};
  /// Every request asks for progress.
  bool progress = true;
};

/// An accepted form; `content` as the user filled it in.
answer accept(raw_json content = {});
template <class T>
answer accept(const T& content) {
  return accept(to_json(content));
}
answer decline();
/// What a model says.
sampling_response say(std::string_view text, std::string_view model = "a-model");

namespace detail {

inline raw_json arguments_of(const raw_json& arguments) { return arguments; }
template <longhaul::detail::described_struct T>
raw_json arguments_of(const T& arguments) {
  return to_json(arguments);
}

}  // namespace detail

class client_core;

/// A request that is under way.
class pending {
 public:
  pending(std::shared_ptr<client_core> from, std::uint64_t number)
      : from_(std::move(from)), number_(number) {}
  /// Its reply has come. Takes what has arrived so far, and answers questions.
  bool ready();
  /// Throws `waited_in_vain`.
  reply<result> wait();
  /// The client leaves: nothing comes any more. 2026-07-28: so the call is cancelled.
  void leave();
  /// As a client of this revision gives a request up: it leaves, or sends
  /// `notifications/cancelled`.
  void cancel(std::string_view reason = {});

 private:
  std::shared_ptr<client_core> from_;
  std::uint64_t number_;
};

class client {
 public:
  /// Before 2026-07-28: begins a session. Throws `unexpected_error` if it is refused.
  /// `server` must outlive every use of the client.
  explicit client(test_server& server, client_options options = {});
  /// Leaves, whatever is under way.
  ~client();
  client(client&&) noexcept;
  client& operator=(client&&) noexcept;

  // --- any method. `params`: an object, or absent; what every request of this revision carries
  // (`_meta`) is added. All throw `waited_in_vain`.
  reply<result> request(std::string_view method, const raw_json& params = {});
  pending begin(std::string_view method, const raw_json& params = {});
  void notify(std::string_view method, const raw_json& params = {});
  /// What came and was not asked for, in order, since the last call of this.
  std::vector<notification> notifications();
  /// Questions that nobody has answered yet, of plain calls, and before 2026-07-28 of tasks too.
  std::vector<open_question> questions();
  /// Before 2026-07-28: answers one of these.
  void answer(const open_question& question, const question_reply& given);

  // --- tools
  /// As a caller that knows no tasks: the reply is the result, however long it takes. A result with
  /// `resultType` "input_required" asks what this client has no callback for.
  template <class Args = raw_json>
  reply<result> call_tool(std::string_view name, const Args& arguments = {}) {
    return begin_tool(name, detail::arguments_of(arguments)).wait();
  }
  template <class Args = raw_json>
  pending begin_tool(std::string_view name, const Args& arguments = {}) {
    return begin_call(name, detail::arguments_of(arguments));
  }

  // --- tasks: from 2025-11-25 on
  /// As a caller that knows tasks. `ttl` is asked for where the revision has it (2025-11-25).
  template <class Args = raw_json>
  reply<task_state> create_task(std::string_view name, const Args& arguments = {},
                                std::optional<std::chrono::milliseconds> ttl = std::nullopt) {
    return begin_task(name, detail::arguments_of(arguments), ttl);
  }
  reply<task_state> get_task(std::string_view id);
  /// Until it has ended, with its result; or until it asks what this client has no callback for.
  reply<task_state> wait_task(std::string_view id);
  /// Its state afterwards.
  reply<task_state> cancel_task(std::string_view id);
  /// Answers a question of `task_state::questions`; its state afterwards.
  reply<task_state> answer_task(std::string_view id, std::string_view key,
                                const question_reply& given);
  /// All pages. 2025-11-25 only.
  reply<std::vector<task_state>> list_tasks();

  // --- what is offered: all pages, as they came
  reply<std::vector<result>> list_tools() { return list("tools/list", "tools"); }
  reply<std::vector<result>> list_prompts() { return list("prompts/list", "prompts"); }
  reply<std::vector<result>> list_resources() { return list("resources/list", "resources"); }
  reply<std::vector<result>> list_resource_templates() {
    return list("resources/templates/list", "resourceTemplates");
  }
  template <class Args = raw_json>
  reply<result> get_prompt(std::string_view name, const Args& arguments = {}) {
    return prompt(name, detail::arguments_of(arguments));
  }
  reply<result> read_resource(std::string_view uri);
  /// The values that are proposed for an argument of a prompt, …
  reply<std::vector<std::string>> complete_prompt(std::string_view prompt,
                                                  std::string_view argument,
                                                  std::string_view typed);
  /// … and for a variable of a resource template.
  reply<std::vector<std::string>> complete_resource(std::string_view uri_template,
                                                    std::string_view variable,
                                                    std::string_view typed);

 private:
  pending begin_call(std::string_view name, const raw_json& arguments);
  reply<task_state> begin_task(std::string_view name, const raw_json& arguments,
                               std::optional<std::chrono::milliseconds> ttl);
  reply<result> prompt(std::string_view name, const raw_json& arguments);
  reply<std::vector<result>> list(std::string_view method, std::string_view member);
  reply<std::vector<std::string>> complete(const raw_json& reference, std::string_view argument,
                                           std::string_view typed);

  std::shared_ptr<client_core> core_;
};

}  // namespace longhaul::testkit
