// SPDX-License-Identifier: Apache-2.0
#include "wire/questions.hpp"

#include <utility>

#include "json/write.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {
namespace {

using can = client_capability;
using serving::question_modes;

bool declares(json::value object, std::string_view name) {
  return object[name].is(json::kind::object);
}

// A message of several items as several messages of one.
void append_single_messages(std::string& out, json::value messages) {
  json::array single(out);
  const auto append = [&](json::value role, json::value item) {
    json::object message(single.next());
    message.raw("role", role.raw()).raw("content", item.raw()).close();
  };
  for (json::elements e(messages); e.next();) {
    const json::value role = e.value()["role"], content = e.value()["content"];
    if (!content.is(json::kind::array)) append(role, content);
    for (json::elements items(content); items.next();) append(role, items.value());
  }
  single.close();
}

// A question's params as this revision has them.
void append_params(json::object& into, json::value params, const question_look& look) {
  for (json::members m(params); m.next();) {
    if (m.key() == "_meta" || m.key() == look.left_out) continue;
    if (look.single_content && m.key() == "messages") {
      append_single_messages(into.key("messages"), m.value());
    } else {
      into.raw(m.key(), m.value().raw());
    }
  }
}

// One for all rounds: they are about the same page.
std::string elicitation_id(const context& shared, const task_record& task, std::string_view key) {
  return shared.questions.make(task.id(), key);
}

// Words of the client, in the log and in front of a model: no more than a few lines of them.
std::string_view cut(std::string_view text) {
  if (text.size() <= tunables::refusal_words) return text;
  std::size_t end = tunables::refusal_words;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

}  // namespace

question_modes question_modes_in(json::value capabilities, const question_look& look) {
  question_modes modes;
  const json::value elicitation = capabilities["elicitation"], sampling = capabilities["sampling"];
  if (look.forms && elicitation.is(json::kind::object)) {
    const bool url = look.urls && declares(elicitation, "url");
    modes.add(can::elicitation_url, url);
    modes.add(can::elicitation_form, !url || declares(elicitation, "form"));
  }
  if (sampling.is(json::kind::object)) {
    modes.add(can::sampling);
    modes.add(can::sampling_tools, look.sampling_tools && declares(sampling, "tools"));
    modes.add(can::sampling_context, !look.sampling_context || declares(sampling, "context"));
  }
  return modes.add(can::roots, declares(capabilities, "roots"));
}

question_modes modes_of(const incoming& request) {
  return request.client != nullptr
             ? request.client->modes()
             : question_modes_in(request.meta.capabilities, request.look.questions);
}

void append_client_capabilities(std::string& out, const question_modes& modes) {
  json::object all(out);
  const auto part = [](json::object& whole, std::string_view name, bool there) {
    if (there) whole.raw(name, "{}");
  };
  const bool form = modes.has(can::elicitation_form), url = modes.has(can::elicitation_url);
  if (form || url) {
    json::object elicitation(all.key("elicitation"));
    part(elicitation, "form", form);
    part(elicitation, "url", url);
    elicitation.close();
  }
  const bool with_tools = modes.has(can::sampling_tools),
             with_context = modes.has(can::sampling_context);
  if (modes.has(can::sampling) || with_tools || with_context) {
    json::object sampling(all.key("sampling"));
    part(sampling, "tools", with_tools);
    part(sampling, "context", with_context);
    sampling.close();
  }
  part(all, "roots", modes.has(can::roots));
  all.close();
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

void append_input_requests(std::string& out, const serving::needs_input& asks,
                           const question_modes& modes) {
  if (asks.task) return append_input_requests(out, *asks.task, modes);
  json::object o(out);
  for (const stores::question& one : asks.before) o.raw(one.key, one.request);
  o.close();
}

std::string given_answers_json(const task_inputs& given) {
  if (given.empty()) return {};
  std::string out;
  json::object o(out);
  for (const task_input& one : given) o.raw(one.key, one.response);
  o.close();
  return out;
}

std::vector<stores::response> read_given_answers(std::string_view written) {
  std::vector<stores::response> result;
  for (json::members m{json::value(written)}; m.next();) {
    result.push_back({std::string(m.key()), keep(m.value())});
  }
  return result;
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
  append_params(o, params, look);
  if (!meta.empty()) {
    std::string& members = o.key("_meta");
    members += '{';
    members += meta;
    members += '}';
  }
  const bool is_url = serving::kind_of(question) == serving::question_kind::url;
  if (look.url_ids && is_url) o.string("elicitationId", elicitation_id(shared, task, input.key));
  o.close();
  out += '}';
  return out;
}

std::string url_done_message(const context& shared, const task_record& task, std::string_view key) {
  std::string out;
  begin_notification(out, "notifications/elicitation/complete", 256);
  out += R"("elicitationId":)";
  json::append_string(out, elicitation_id(shared, task, key));
  out += "}}";
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

awaitable<bool> take_response(context& shared, const serving::caller& who,
                              const message& response) {
  const auto id = response.id.string();
  if (!id) co_return true;
  const auto question = shared.questions.read(*id);
  if (!question) co_return true;
  if (!response.result.is(json::kind::object)) {
    const auto error_code = response.error["code"].integer().value_or(code::internal_error);
    const std::string words = response.error["message"].string().value_or("no answer");
    co_await shared.server.leave_unanswered(who, question->task, question->key,
                                            static_cast<int>(error_code), cut(words));
    co_return true;
  }
  std::vector<stores::response> answers(1);
  answers[0].key = question->key;
  answers[0].value = keep(response.result);
  const auto updated = co_await shared.server.update(who, question->task, answers);
  const auto* refused = std::get_if<serving::refused>(&updated);
  if (refused == nullptr) co_return true;
  const bool unfit = refused->why == serving::refusal::bad_answer;
  // Nothing tells the client that its answer could not be kept now, so it is asked for it again.
  if (!unfit && refused->why != serving::refusal::busy) {
    co_return refused->why != serving::refusal::internal;
  }
  if (question->round < serving::max_rounds) {
    shared.server.ask_again(question->task, question->key, question->round + 1);
    co_return true;
  }
  if (!unfit) co_return false;
  const std::string words = "no answer fitted: " + refused->message;
  co_await shared.server.leave_unanswered(who, question->task, question->key,
                                          question_refused::unfit_code, cut(words));
  co_return true;
}

}  // namespace longhaul::wire
