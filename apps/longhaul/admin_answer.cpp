// SPDX-License-Identifier: Apache-2.0
// `longhaul admin answer`: the open questions of a task, asked at the terminal or answered by
// words, and sent together.
#include <algorithm>
#include <optional>

#include "admin_error.hpp"
#include "admin_lookup.hpp"
#include "admin_questions.hpp"
#include "admin_verbs.hpp"
#include "admin_words.hpp"
#include "client/messages.hpp"
#include "json/write.hpp"
#include "terminal/example_words.hpp"
#include "terminal/plain_text.hpp"
#include "terminal/prompt.hpp"

namespace longhaul {
namespace {

std::string keys_of(const std::vector<open_question>& all) {
  std::string keys;
  for (const open_question& one : all) keys += (keys.empty() ? "" : ", ") + one.key;
  return keys;
}

// The one whose key stands before an equals sign; a key may have some itself.
std::vector<open_question>::iterator named_by(const std::string& word,
                                              std::vector<open_question>& all) {
  auto named = all.end();
  for (auto each = all.begin(); each != all.end(); ++each) {
    const bool longer = named == all.end() || each->key.size() > named->key.size();
    if (longer && word.starts_with(each->key + "=")) named = each;
  }
  return named;
}

// To a form the JSON is its content, to anything else the whole reply.
void read_answers(const std::vector<std::string>& words, std::vector<open_question>& all) {
  for (const std::string& word : words) {
    const auto named = named_by(word, all);
    if (named == all.end()) {
      throw admin_error("invalid", "--answer '" + word + "' names no open question",
                        "write KEY=JSON; open are: " + keys_of(all));
    }
    try {
      const raw_json given = raw_json::parse(std::string_view(word).substr(named->key.size() + 1));
      named->reply = is_form(*named) ? accepted(given) : std::string(given.view());
    } catch (const invalid_json& e) {
      throw admin_error("invalid", "--answer " + named->key + ": no JSON: " + e.what(),
                        "as --answer '" + named->key + "={\"city\": \"Bonn\"}'");
    }
  }
}

[[noreturn]] void leave_open(const admin_command& here, const std::string& id,
                             const std::vector<open_question>& all) {
  std::string asked;
  for (const open_question& one : all) {
    asked += "\n  " + one.key + ": " + message_of(json::value(one.request));
  }
  throw admin_error("waits", "it waits for an answer, and nobody can be asked here:" + asked,
                    "add --answer KEY=JSON, or --decline; what may stand there is told by " +
                        line_to_copy(here, "show " + terminal::shell_word(id)),
                    exit_code::waits);
}

// Asks the person for those that have no reply yet.
void ask_for_rest(const admin_desk& desk, const std::string& id, std::vector<open_question>& all) {
  for (open_question& one : all) {
    if (!one.reply.empty()) continue;
    if (!desk.at.interactive()) leave_open(desk.command, id, all);
    const question_reply reply = desk.at.ask(
        [&](terminal::console& console) { return terminal::ask_question(console, one.request); });
    if (desk.at.interrupted()) {
      throw admin_error("interrupted", "nothing was answered", "", exit_code::cancelled);
    }
    if (reply.refused()) {
      throw admin_error("invalid", "'" + method_of(one) + "' is no question for a person",
                        "give the whole reply: --answer '" + one.key + "=JSON'");
    }
    one.reply = remote::result_of_answer(method_of(one), reply);
  }
}

std::string body_of(const std::vector<open_question>& all) {
  std::string body;
  json::object o(body);
  json::object answers(o.key("answers"));
  for (const open_question& one : all) {
    if (!one.reply.empty()) answers.raw(one.key, std::string_view(one.reply));
  }
  answers.close();
  o.close();
  return body;
}

}  // namespace

int answer_admin_task(const admin_desk& desk) {
  const std::string id = whole_id(desk, desk.command.ids.front());
  const raw_json task = desk.link.get(path_of_task(id));
  std::vector<open_question> all = open_questions(json::value(task));
  if (all.empty()) {
    throw admin_error("conflict",
                      "this task asks nothing now: it is " + text_in(json::value(task)["status"]),
                      "");
  }
  read_answers(desk.command.answers, all);
  if (desk.command.decline) {
    for (open_question& one : all) {
      if (one.reply.empty()) one.reply = R"({"action":"decline"})";
    }
  }
  if (desk.command.answers.empty()) ask_for_rest(desk, id, all);
  const raw_json reply = desk.link.post(path_of_task(id, "answer"), body_of(all));
  if (desk.command.json) {
    print_json(reply);
  } else {
    const bool changed = json::value(reply)["outcome"].equals("applied");
    desk.at.say((changed ? "answered: " : "answered already: ") + terminal::plain(id));
  }
  return 0;
}

}  // namespace longhaul
