// SPDX-License-Identifier: Apache-2.0
#include "answering.hpp"

#include "json/view.hpp"
#include "json/write.hpp"
#include "terminal/form_prompt.hpp"
#include "terminal/prompt.hpp"

namespace longhaul {
namespace {

bool is_form(const asked_question& asked) {
  if (asked.method != "elicitation/create") return false;
  const auto mode = json::value(asked.params)["mode"].string();
  return !mode || *mode == "form";
}

raw_json request_of(const asked_question& asked) {
  std::string text;
  json::object o(text);
  o.string("method", asked.method).raw("params", or_empty_object(asked.params)).close();
  return raw_json::trusted(text);
}

}  // namespace

question_reply answer_by_words(const asked_question& asked, const std::vector<std::string>& words) {
  if (!is_form(asked)) {
    throw terminal::argument_error(
        "this question is no form: it is answered at a terminal, or declined");
  }
  const terminal::form_words given = terminal::read_form_words(asked.params, words);
  return terminal::answer_of_words(asked.params, given);
}

question_handler answers_from(seat& at, const answering_options& options, question_handler roots) {
  return [&at, options,
          roots = std::move(roots)](const asked_question& asked) -> std::optional<question_reply> {
    if (asked.method == "roots/list") {
      if (roots) return roots(asked);
      return question_reply(question_reply::refusal{-1, "this user names no folders"});
    }
    if (options.decline) return answer{answer::action::decline};
    raw_json given;
    if (is_form(asked) && !options.answers.empty()) {
      try {
        const terminal::form_words words = terminal::read_form_words(asked.params, options.answers);
        if (words.missing.empty() && !words.used.empty()) {
          return terminal::answer_of_words(asked.params, words);
        }
        given = words.content;
      } catch (const terminal::argument_error& unfit) {  // it stays open
        at.say(std::string("longhaul: ") + unfit.what());
        if (!at.interactive()) return std::nullopt;
      }
    }
    if (!options.ask || !at.interactive()) return std::nullopt;
    if (asked.withdrawn.stop_requested()) return std::nullopt;
    const auto ask = [&](terminal::console& console) {
      return terminal::ask_question(console, request_of(asked), given);
    };
    question_reply reply = at.ask(ask);
    if (at.interrupted() || asked.withdrawn.stop_requested()) return std::nullopt;
    return reply;
  };
}

}  // namespace longhaul
