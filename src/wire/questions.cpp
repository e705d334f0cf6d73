// SPDX-License-Identifier: Apache-2.0
#include "wire/questions.hpp"

#include <utility>

#include "json/write.hpp"
#include "wire/result_json.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {
namespace {

raw_json cancelled_answer() { return raw_json::trusted(R"({"action":"cancel"})"); }

}  // namespace

serving::question_modes question_modes_in(json::value capabilities, const question_look& look) {
  const json::value elicitation = capabilities["elicitation"];
  if (!look.forms || !elicitation.is(json::kind::object)) return {};
  serving::question_modes modes;
  modes.url = look.urls && elicitation["url"].is(json::kind::object);
  modes.form = !modes.url || elicitation["form"].is(json::kind::object);
  return modes;
}

serving::question_modes modes_of(const incoming& request) {
  return request.client != nullptr
             ? request.client->modes()
             : question_modes_in(request.meta.capabilities, request.look.questions);
}

void append_input_requests(std::string& out, const task_record& task,
                           const serving::question_modes& modes) {
  json::object o(out);
  if (task.inputs) {
    for (const auto& input : *task.inputs) {
      if (!input.response && may_be_asked(modes, json::value(input.request))) {
        o.raw(input.key, input.request);
      }
    }
  }
  o.close();
}

std::string question_message(const context& shared, const question_look& look,
                             const task_record& task, const task_input& input, int round,
                             std::string_view meta) {
  const std::string id = shared.questions.make(task.id(), input.key, round);
  const json::value question(input.request);
  const json::value params = question["params"];
  std::string out;
  out.reserve(2 * id.size() + question.raw().size() + meta.size() + 96);
  out += R"({"jsonrpc":"2.0","id":)";
  json::append_string(out, id);
  out += R"(,"method":)";
  out += question["method"].raw();
  out += R"(,"params":)";
  json::object o(out);
  append_members_except(o, params, "_meta", look.left_out);
  if (!meta.empty()) {
    std::string& members = o.key("_meta");
    members += '{';
    members += meta;
    members += '}';
  }
  const bool is_url = serving::kind_of(question) == serving::question_kind::url;
  if (look.url_ids && is_url) o.string("elicitationId", id);
  o.close();
  out += '}';
  return out;
}

result<std::vector<stores::response>> read_responses(json::value responses) {
  const auto unfit = [] {
    return fault{"'inputResponses' must be an object of at most " +
                 std::to_string(tunables::responses) + " members"};
  };
  if (!responses.is(json::kind::object)) return unfit();
  std::vector<stores::response> read;
  std::size_t count = 0;
  for (json::members m(responses); m.next();) {
    if (++count > tunables::responses) return unfit();
    if (!m.value().is(json::kind::object)) continue;
    read.push_back({std::string(m.key()), keep(m.value())});
  }
  return read;
}

awaitable<void> take_response(context& shared, const serving::caller& who,
                              const message& response) {
  const auto id = response.id.string();
  if (!id) co_return;
  const auto question = shared.questions.read(*id);
  if (!question) co_return;
  std::vector<stores::response> answers(1);
  answers[0].key = question->key;
  answers[0].value =
      response.result.is(json::kind::object) ? keep(response.result) : cancelled_answer();
  const auto updated = co_await shared.server.update(who, question->task, answers);
  const auto* refused = std::get_if<serving::refused>(&updated);
  if (refused == nullptr) co_return;
  const bool unfit = refused->why == serving::refusal::bad_answer;
  // Nothing tells the client that its answer could not be kept now, so it is asked for it again.
  if (!unfit && refused->why != serving::refusal::busy) co_return;
  if (question->round < serving::max_rounds) {
    shared.server.ask_again(question->task, question->key, question->round + 1);
    co_return;
  }
  if (!unfit) co_return;
  answers[0].value = cancelled_answer();
  co_await shared.server.update(who, question->task, answers);
}

}  // namespace longhaul::wire
