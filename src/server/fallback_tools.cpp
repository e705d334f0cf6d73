// SPDX-License-Identifier: Apache-2.0
#include "server/fallback_tools.hpp"

#include <boost/describe/class.hpp>
#include <cmath>
#include <map>

#include "json/view.hpp"
#include "json/write.hpp"
#include "longhaul/typed_tool.hpp"
#include "server/tunables.hpp"

namespace longhaul::serving {
namespace {

constexpr int longest_wait = static_cast<int>(tunables::fallback_wait.count());

struct status_args {
  std::string task_id;
  int wait_seconds = longest_wait;
};
BOOST_DESCRIBE_STRUCT(status_args, (), (task_id, wait_seconds))

struct task_args {
  std::string task_id;
};
BOOST_DESCRIBE_STRUCT(task_args, (), (task_id))

struct answer_args {
  std::string task_id;
  std::string key;
  std::optional<std::map<std::string, raw_json>> content;
  std::optional<bool> decline;
};
BOOST_DESCRIBE_STRUCT(answer_args, (), (task_id, key, content, decline))

const std::string status_tool = "task_status", answer_tool = "task_answer",
                  result_tool = "task_result", cancel_tool = "task_cancel";

const std::string id_description = "The taskId that the tool's call returned";

std::vector<field_options> id_field() { return {field("task_id", id_description)}; }
std::vector<field_options> status_fields() {
  return {field("task_id", id_description),
          field("wait_seconds", "Waits so long for the end at most; 0 answers at once")
              .range(0, longest_wait)};
}

std::vector<field_options> answer_fields() {
  return {field("task_id", id_description),
          field("key", "Which question: its key, as task_status shows it"),
          field("content",
                "The answer: an object with the members that the question's schema names. Left "
                "out: accepted without any"),
          field("decline", "true: the user refuses to answer; content is left out then")};
}

tool_options described(std::string name, std::string title, std::string description) {
  tool_options options;
  options.name = std::move(name);
  options.title = std::move(title);
  options.description = std::move(description);
  options.policy = task_policy::never;
  return options;
}

// "working", how far it is, and what it says.
std::string state_in_words(const task_record& task) {
  std::string words(to_string(task.status));
  if (!is_terminal(task.status) && task.progress) {
    const auto& [done, total] = *task.progress;
    words += ", ";
    if (total && *total > 0) {
      words += std::to_string(std::lround(100 * std::clamp(done / *total, 0.0, 1.0))) + " % done";
    } else {
      json::append_number(words, done);
      words += " done";
    }
  }
  if (!task.status_message.empty()) words += ": " + task.status_message;
  return words;
}

template <class Use>
void for_each_open_question(const task_record& task, Use use) {
  if (task.terminal() || !task.inputs) return;
  for (const task_input& input : *task.inputs) {
    if (!input.response) use(input.key, json::value(input.request)["params"]);
  }
}

void append_questions(json::object& into, const task_record& task) {
  json::array items(into.key("questions"));
  for_each_open_question(task, [&](const std::string& key, json::value asked) {
    json::object question(items.next());
    question.string("key", key).string("message", asked["message"].string().value_or(""));
    if (const auto url = asked["url"]) question.raw("url", url.raw());
    if (const auto schema = asked["requestedSchema"]) question.raw("schema", schema.raw());
    question.close();
  });
  items.close();
}

// Each on a line of its own, for models that read only the text.
std::string questions_in_words(const task_record& task) {
  std::string words;
  for_each_open_question(task, [&](const std::string& key, json::value asked) {
    words += "\nQuestion ";
    json::append_string(words, key);
    words += ": " + asked["message"].string().value_or("");
    if (const auto url = asked["url"].string()) words += "\n  to be done at: " + *url;
    if (const auto schema = asked["requestedSchema"]) {
      words.append("\n  the answer's content fits: ").append(schema.raw());
    }
  });
  return words;
}

std::string how_to_answer(const task_record& task) {
  return " Ask the user, then call task_answer with task_id \"" + task.id() +
         "\", the question's key, and content, or decline = true." + questions_in_words(task);
}

raw_json structure_of(const task_record& task) {
  std::string out;
  json::object o(out);
  o.string("taskId", task.id()).string("status", to_string(task.status));
  if (!task.status_message.empty()) o.string("statusMessage", task.status_message);
  if (task.progress) {
    json::object progress(o.key("progress"));
    progress.number("done", task.progress->done);
    if (task.progress->total) progress.number("total", *task.progress->total);
    progress.close();
  }
  if (has_open_input(task) && !task.terminal()) append_questions(o, task);
  o.string("createdAt", iso8601(task.origin->created_at));
  o.string("lastUpdatedAt", iso8601(task.updated_at));
  o.close();
  return raw_json::trusted(std::move(out));
}

tool_result say(const task_record& task, const std::string& words) {
  return tool_result(text(words)).structured(structure_of(task));
}

std::string how_to_go_on(const task_record& task) {
  return " Call task_status with task_id \"" + task.id() +
         "\" to wait for the end, then task_result for the result; task_cancel stops it.";
}

}  // namespace

std::vector<tool_definition> fallback_tools() {
  std::vector<tool_definition> result;
  const auto never_run = [] { throw std::logic_error("answered by the dispatcher"); };
  const auto add = [&](tool_options options, auto handler) {
    result.push_back(make_tool(std::move(options), std::move(handler)));
  };
  auto status = described(
      status_tool, "Wait for a task",
      "Waits for a tool call that said it is still running, up to 25 seconds, and tells how far it "
      "is. Call it again until the status is completed, failed or cancelled, then fetch the result "
      "with task_result. If it shows questions, answer them with task_answer.");
  status.annotations.read_only = true;
  status.fields = status_fields();
  add(std::move(status), [=](const status_args&) { never_run(); });
  auto answer =
      described(answer_tool, "Answer a question of a task",
                "Answers a question that task_status shows, with what the user said. Never answer "
                "in the user's place.");
  answer.fields = answer_fields();
  add(std::move(answer), [=](const answer_args&) { never_run(); });
  auto fetch = described(result_tool, "Result of a task",
                         "Returns the result of a tool call that said it was still running, once "
                         "task_status says that it has ended.");
  fetch.annotations.read_only = true;
  fetch.fields = id_field();
  add(std::move(fetch), [=](const task_args&) { never_run(); });
  auto cancel = described(cancel_tool, "Cancel a task",
                          "Stops a tool call that said it is still running. What it has done so "
                          "far is not undone.");
  cancel.annotations.destructive = true;
  cancel.annotations.idempotent = true;
  cancel.fields = id_field();
  add(std::move(cancel), [=](const task_args&) { never_run(); });
  return result;
}

std::optional<fallback_verb> fallback_verb_of(std::string_view tool) {
  if (tool == status_tool) return fallback_verb::status;
  if (tool == answer_tool) return fallback_verb::answer;
  if (tool == result_tool) return fallback_verb::result;
  if (tool == cancel_tool) return fallback_verb::cancel;
  return std::nullopt;
}

namespace {

fallback_request read_answer(const raw_json& arguments) {
  auto read = from_json<answer_args>(arguments, answer_fields(), "arguments");
  const bool declined = read.decline.value_or(false);
  if (read.content && declined) {
    throw invalid_arguments("arguments: content and decline = true exclude each other");
  }
  fallback_request result;
  result.task = std::move(read.task_id);
  result.answer.key = std::move(read.key);
  std::string answer;
  json::object o(answer);
  o.string("action", declined ? "decline" : "accept");
  if (read.content) o.raw("content", to_json(*read.content));
  o.close();
  result.answer.value = raw_json::trusted(std::move(answer));
  return result;
}

}  // namespace

fallback_request read_fallback_request(fallback_verb verb, const raw_json& arguments) {
  const raw_json given = or_empty_object(arguments);
  if (verb == fallback_verb::answer) return read_answer(given);
  if (verb != fallback_verb::status) {
    return {from_json<task_args>(given, id_field(), "arguments").task_id};
  }
  auto read = from_json<status_args>(given, status_fields(), "arguments");
  return {std::move(read.task_id), std::chrono::seconds(read.wait_seconds)};
}

outcome still_running(const task_record& task) {
  const bool asks = has_open_input(task);
  const std::string words =
      asks ? "The tool needs an answer (task " + task.id() + ")." + how_to_answer(task)
           : "Still running (" + state_in_words(task) + ")." + how_to_go_on(task);
  std::string meta;
  json::object o(meta);
  json::object tools(o.key("longhaul.dev/fallback-tools"));
  tools.string("status", status_tool).string("answer", answer_tool);
  tools.string("result", result_tool).string("cancel", cancel_tool).close();
  o.close();
  return say(task, words).meta(raw_json::trusted(std::move(meta))).to_outcome();
}

outcome describe_task(const task_record& task) {
  std::string words = "The task is " + state_in_words(task) + ".";
  switch (task.status) {
    case task_status::working:
      words += " Call task_status again to wait for it.";
      break;
    case task_status::input_required:
      words += how_to_answer(task);
      break;
    case task_status::completed:
    case task_status::failed:
      words += " Call task_result for what came of it.";
      break;
    case task_status::cancelled:
      break;
  }
  return say(task, words).to_outcome();
}

outcome fallback_result(const task_record& task) {
  if (!task.terminal())
    return say(task, "Not done yet: " + state_in_words(task) + "." + how_to_go_on(task))
        .to_outcome();
  if (task.status == task_status::cancelled) return outcome::tool_error("The task was cancelled.");
  if (!task.result.is_protocol_error) return task.result;
  const auto message = json::value(task.result.body)["message"].string();
  return outcome::tool_error("The task failed: " + message.value_or("unknown error"));
}

outcome no_such_question(const task_record& task, std::string_view key) {
  std::string words = "The task has no open question ";
  json::append_string(words, key);
  words += ": it is " + state_in_words(task) + ".";
  if (has_open_input(task) && !task.terminal()) words += how_to_answer(task);
  return outcome::tool_error(words);
}

outcome no_such_task() {
  return tool_result(
             text("There is no such task: it never was, it has expired, or it is not yours."))
      .as_error()
      .meta(raw_json::trusted(R"({"longhaul.dev/no-such-task":true})"))
      .to_outcome();
}

}  // namespace longhaul::serving
