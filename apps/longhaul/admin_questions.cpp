// SPDX-License-Identifier: Apache-2.0
#include "admin_questions.hpp"

#include "admin_words.hpp"
#include "json/write.hpp"
#include "longhaul/question_error.hpp"
#include "terminal/example_words.hpp"
#include "terminal/plain_text.hpp"
#include "typed/question_answer.hpp"

namespace longhaul {

std::vector<open_question> open_questions(json::value task) {
  std::vector<open_question> all;
  for (json::elements each(task["questions"]); each.next();) {
    const json::value one = each.value();
    if (one["response"].raw() != "null") continue;
    all.push_back({text_in(one["key"]), raw_json::trusted(one["request"].raw())});
  }
  return all;
}

std::string method_of(const open_question& asked) {
  return text_in(json::value(asked.request)["method"]);
}

bool is_form(const open_question& asked) {
  const json::value request(asked.request);
  return method_of(asked) == "elicitation/create" && !request["params"]["mode"].equals("url");
}

std::string message_of(json::value request) {
  const std::string message = text_in(request["params"]["message"]);
  return message.empty() ? text_in(request["method"]) : message;
}

std::string accepted(const raw_json& content) {
  std::string text;
  json::object o(text);
  o.string("action", "accept").raw("content", content).close();
  return text;
}

std::string example_answer(const open_question& asked) {
  const std::string& key = asked.key;
  if (!is_form(asked) || terminal::in_ascii(terminal::plain(key)) != key) return {};
  const json::value schema = json::value(asked.request)["params"]["requestedSchema"];
  const std::string content = terminal::example_value(schema, schema);
  try {
    const std::string reply = accepted(raw_json::trusted(content));
    detail::fitting_answer(asked.request, raw_json::trusted(reply));
  } catch (const question_error&) {
    return {};
  }
  return terminal::shell_word(key + "=" + content);
}

}  // namespace longhaul
