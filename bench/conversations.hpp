// SPDX-License-Identifier: Apache-2.0
// What is measured, as conversations: what is sent, and which reply is right. Every reply is parsed
// and compared with what its request must bring; a speed of wrong answers is none.
//
// Threads: the load generator's.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bench/load.hpp"
#include "bench/messages.hpp"

namespace longhaul::bench {

/// How many different messages a conversation has at least: their parsing must not be learnt by
/// heart by the branch predictor.
inline constexpr std::size_t varied_messages = 1024;

/// Every body must come back as it was sent.
class echo_conversation final : public conversation {
 public:
  echo_conversation(std::vector<prepared_request> requests, std::size_t connections);
  bool ask(std::size_t connection, std::string& out) override;
  step judge(std::size_t connection, const reply& got) override;

 private:
  std::vector<prepared_request> requests_;
  std::vector<std::string> sent_;
  std::size_t next_ = 0;
};

/// One request an operation, answered by a result that `check` takes: the `result` object and the
/// number of the request.
class request_conversation final : public conversation {
 public:
  using checker = std::function<bool(simdjson::dom::element result, std::size_t number)>;
  /// `requests[connection][i]`, or the same list for all if there is only one.
  request_conversation(std::vector<std::vector<prepared_request>> requests, std::size_t connections,
                       checker check);
  /// Ends by itself after so many requests.
  void stop_after(std::size_t requests) { left_ = requests; }

  bool ask(std::size_t connection, std::string& out) override;
  step judge(std::size_t connection, const reply& got) override;

 private:
  struct open_request {
    std::size_t number = 0;
    std::uint64_t id = 0;
  };

  std::vector<std::vector<prepared_request>> requests_;
  std::vector<open_request> open_;
  checker check_;
  simdjson::dom::parser parser_;
  std::size_t next_ = 0;
  std::uint64_t next_id_ = first_request_id;
  std::optional<std::size_t> left_ = std::nullopt;
};

/// The whole life of a task: it is created, and read until it is completed, without a pause.
class life_conversation final : public conversation {
 public:
  explicit life_conversation(std::size_t connections);
  bool ask(std::size_t connection, std::string& out) override;
  step judge(std::size_t connection, const reply& got) override;

 private:
  struct open_request {
    std::size_t number = 0;
    std::uint64_t id = 0;
    std::string task;  // empty: about to be created
  };
  std::vector<prepared_request> creates_, gets_;
  std::vector<open_request> open_;
  simdjson::dom::parser parser_;
  std::size_t next_ = 0;
  std::uint64_t next_id_ = first_request_id;
};

/// Opens a session of 2025-11-25 on every connection, once.
class session_conversation final : public conversation {
 public:
  explicit session_conversation(std::size_t connections) : sessions_(connections) {}
  bool ask(std::size_t connection, std::string& out) override;
  step judge(std::size_t connection, const reply& got) override;
  const std::vector<std::string>& sessions() const noexcept { return sessions_; }

 private:
  std::vector<std::string> sessions_;
  std::vector<bool> ready_ = std::vector<bool>(sessions_.size());
};

// --- what results must be

/// The text that the tools give for call `number`.
bool is_rendered(simdjson::dom::element call_result, std::size_t number);
/// A member that is a string; empty if there is none.
std::string_view text_member(simdjson::dom::element object, const char* name);

}  // namespace longhaul::bench
