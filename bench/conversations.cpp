// SPDX-License-Identifier: Apache-2.0
#include "bench/conversations.hpp"

#include "bench/server.hpp"

namespace longhaul::bench {
namespace {

using simdjson::dom::element;

// The `result` of a reply to the request `id`; null if it is anything else.
std::optional<element> result_of(simdjson::dom::parser& parser, const reply& got,
                                 std::uint64_t id) {
  if (got.status != 200) return std::nullopt;
  element root;
  // The generator keeps readable bytes behind the body: no copy is needed.
  if (parser.parse(got.body.data(), got.body.size(), false).get(root) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  std::uint64_t answered = 0;
  if (root["id"].get(answered) != simdjson::SUCCESS || answered != id) return std::nullopt;
  element result;
  if (root["result"].get(result) != simdjson::SUCCESS || !result.is_object()) return std::nullopt;
  return result;
}

std::vector<prepared_request> task_requests(bool creates) {
  std::vector<prepared_request> result;
  for (std::size_t n = 0; n < varied_messages; ++n) {
    result.push_back(creates ? call_request(era::modern, tool::task, n, true)
                             : get_request(era::modern, n, {}));
  }
  return result;
}

}  // namespace

std::string_view text_member(element object, const char* name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? text : std::string_view();
}

bool is_rendered(element call_result, std::size_t number) {
  element first;
  if (call_result["content"].at(0).get(first) != simdjson::SUCCESS) return false;
  return text_member(first, "text") == "rendered " + scene(number);
}

echo_conversation::echo_conversation(std::vector<prepared_request> requests,
                                     std::size_t connections)
    : requests_(std::move(requests)), sent_(connections) {}

bool echo_conversation::ask(std::size_t connection, std::string& out) {
  const auto& request = requests_[next_++ % requests_.size()];
  request.append_to(out, first_request_id + next_);
  sent_[connection].assign(out, out.size() - request.body_size(), request.body_size());
  return true;
}

step echo_conversation::judge(std::size_t connection, const reply& got) {
  return got.status == 200 && got.body == sent_[connection] ? step::done : step::failed;
}

request_conversation::request_conversation(std::vector<std::vector<prepared_request>> requests,
                                           std::size_t connections, checker check)
    : requests_(std::move(requests)), open_(connections), check_(std::move(check)) {}

bool request_conversation::ask(std::size_t connection, std::string& out) {
  if (left_ && *left_ == 0) return false;
  if (left_) --*left_;
  const auto& list = requests_[requests_.size() == 1 ? 0 : connection];
  const auto& request = list[next_++ % list.size()];
  open_[connection] = {request.number(), next_id_++};
  request.append_to(out, open_[connection].id);
  return true;
}

step request_conversation::judge(std::size_t connection, const reply& got) {
  const auto result = result_of(parser_, got, open_[connection].id);
  return result && check_(*result, open_[connection].number) ? step::done : step::failed;
}

life_conversation::life_conversation(std::size_t connections)
    : creates_(task_requests(true)), gets_(task_requests(false)), open_(connections) {}

bool life_conversation::ask(std::size_t connection, std::string& out) {
  open_request& at = open_[connection];
  at.id = next_id_++;
  if (at.task.empty()) {
    at.number = next_++ % creates_.size();
    creates_[at.number].append_to(out, at.id);
  } else {
    gets_[at.number].append_to(out, at.id, at.task);
  }
  return true;
}

step life_conversation::judge(std::size_t connection, const reply& got) {
  open_request& at = open_[connection];
  const auto result = result_of(parser_, got, at.id);
  const auto id = result ? text_member(*result, "taskId") : std::string_view();
  const bool working = result && text_member(*result, "status") == "working";
  if (at.task.empty()) {
    if (!working || id.size() != task_id_mark.size()) return step::failed;
    at.task = id;
    return step::go_on;
  }
  const bool mine = id == at.task;
  if (mine && working) return step::go_on;
  at.task.clear();
  element ended;
  const bool right = mine && text_member(*result, "status") == "completed" &&
                     (*result)["result"].get(ended) == simdjson::SUCCESS &&
                     is_rendered(ended, at.number);
  return right ? step::done : step::failed;
}

bool session_conversation::ask(std::size_t connection, std::string& out) {
  if (ready_[connection]) return false;
  const std::string& session = sessions_[connection];
  const auto request = session.empty() ? initialize_request() : initialized_notification(session);
  request.append_to(out, first_request_id + connection);
  return true;
}

step session_conversation::judge(std::size_t connection, const reply& got) {
  if (sessions_[connection].empty()) {
    sessions_[connection] = got.session_id;
    return got.status == 200 && !got.session_id.empty() ? step::go_on : step::failed;
  }
  ready_[connection] = true;
  return got.status == 202 ? step::done : step::failed;
}

}  // namespace longhaul::bench
