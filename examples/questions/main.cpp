// SPDX-License-Identifier: Apache-2.0
// Questions of every kind, from handlers that do not know who called and how: a form, a page, a
// prompt for the caller's model, its folders, several at once, one after the other, and before
// there is a task. Give it to a host:
//   longhaul-questions --stdio
//   longhaul-questions --http 127.0.0.1:8080
#include <filesystem>
#include <longhaul/longhaul.hpp>
#include <string>
#include <vector>

using longhaul::client_capability;
using longhaul::message_role;

// --- release_notes: three kinds at once, and what is to be done with a client that lacks one.

enum class tone { plain, funny };
BOOST_DESCRIBE_ENUM(tone, plain, funny)

struct notes_form {
  std::string version;
  tone style = tone::plain;
};
BOOST_DESCRIBE_STRUCT(notes_form, (), (version, style))

// What may be left out of the form may be left out of its answer: both are told.
std::vector<longhaul::field_options> notes_fields() {
  return {longhaul::field(&notes_form::version, "As in 1.2.0").pattern(R"(^\d+\.\d+\.\d+$)"),
          longhaul::field(&notes_form::style)
              .choices({{"plain", "Plain"}, {"funny", "Funny"}})
              .optional()};
}

std::string release_notes(longhaul::task_context& task) {
  longhaul::named_questions questions;
  questions.emplace_back("release",
                         longhaul::elicitation::form<notes_form>("Which release?", notes_fields()));
  if (task.client_can(client_capability::roots)) {
    questions.emplace_back("folders", longhaul::roots_request());
  }
  const auto replies = task.ask_all(questions);
  const longhaul::answer& release = replies[0].elicited();
  if (!release.accepted()) return "No notes then.";
  const auto form = release.as<notes_form>(notes_fields());

  std::string where;
  if (replies.size() > 1 && !replies[1].refused()) {
    for (const longhaul::root& folder : replies[1].roots()) {
      if (const auto path = folder.path()) where += " " + path->string();
    }
  }
  std::string facts = "Release " + form.version + (where.empty() ? "" : " of" + where);
  if (!task.client_can(client_capability::sampling)) return facts;

  longhaul::sampling_request prompt("Write one sentence of release notes: " + facts, 200);
  prompt.system_prompt = form.style == tone::funny ? "You are a comedian." : "You are brief.";
  prompt.preferences.hints = {"haiku"};
  prompt.preferences.speed_priority = 1;
  try {
    return task.sample("sentence", prompt).text();
  } catch (const longhaul::question_refused& why) {
    return facts + " (the model was not asked: " + why.what() + ")";
  }
}

// --- thermometer: a conversation in which the model uses a tool of ours.

struct place {
  std::string city;
};
BOOST_DESCRIBE_STRUCT(place, (), (city))

std::string thermometer(longhaul::task_context& task) {
  longhaul::sampling_request talk("Is it warmer in Rome or in Oslo? Look it up.", 300);
  talk.tools.push_back({.name = "temperature",
                        .description = "Degrees Celsius in a city",
                        .input_schema = longhaul::schema_of<place>()});
  for (int round = 1; round <= 5; ++round) {
    const auto said = task.sample("round-" + std::to_string(round), talk);
    const auto uses = said.tool_uses();
    if (uses.empty()) return said.text();
    longhaul::sampling_message results;
    for (const auto& use : uses) {
      const auto where = longhaul::from_json<place>(use.input);
      const longhaul::tool_result degrees(longhaul::text(where.city == "Rome" ? "24" : "8"));
      results.content.push_back(longhaul::tool_result_content(use.id, degrees.to_outcome()));
    }
    talk.messages.push_back(said.message());
    talk.messages.push_back(results);
  }
  return "The model could not decide.";
}

// --- publish: a page for what must not pass through a form, then a form; a coroutine.

struct confirmation {
  bool really = false;
};
BOOST_DESCRIBE_STRUCT(confirmation, (), (really))

boost::asio::awaitable<std::string> publish(longhaul::task_context& task) {
  std::string key = "login";
  auto page = longhaul::elicitation::url("Log in to the registry", "https://example.org/login");
  const longhaul::answer went = co_await task.async_ask(key, std::move(page));
  if (!went.accepted()) co_return "Not published.";
  // … wait until the registry says that this user has logged in …
  task.url_done(key);

  key = "confirm";
  auto form = longhaul::elicitation::form<confirmation>("Publish for everybody?");
  const longhaul::answer sure = co_await task.async_ask(key, std::move(form));
  const bool really = sure.accepted() && sure.as<confirmation>().really;
  co_return really ? "Published." : "Not published.";
}

// --- greet_slowly: what has to be known before there is a task.

struct greet_args {
  int seconds = 1;
};
BOOST_DESCRIBE_STRUCT(greet_args, (), (seconds))

struct name_form {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(name_form, (), (name))

longhaul::elicitation name_question() {
  return longhaul::elicitation::form<name_form>("What is your name?");
}

longhaul::named_questions before_greeting(const greet_args&, const longhaul::given_answers&) {
  longhaul::named_questions first;
  first.emplace_back("user_name", name_question());
  return first;
}

std::string greet_slowly(longhaul::task_context& task, const greet_args& args) {
  const auto given = task.ask("user_name", name_question());  // it is there already
  task.sleep_for(std::chrono::seconds(args.seconds));
  return given.accepted() ? "Hello, " + given.as<name_form>().name + "!" : "Hello!";
}

int main(int argc, char** argv) {
  longhaul::server server{{.name = "questions", .version = "0.1.0"}};
  server.add_tool({.name = "release_notes",
                   .description = "Writes release notes, after asking the user for the release",
                   .on_crash = longhaul::on_crash::rerun},
                  release_notes);
  server.add_tool({.name = "thermometer",
                   .description = "Compares two cities with the help of the caller's model",
                   .requires_capabilities = {client_capability::sampling_tools}},
                  thermometer);
  server.add_tool({.name = "publish", .description = "Publishes, once the user has logged in"},
                  publish);
  server.add_tool({.name = "greet_slowly",
                   .description = "Greets the user after some seconds",
                   .preflight = longhaul::preflight<greet_args>(before_greeting),
                   .fields = {longhaul::field(&greet_args::seconds, "Seconds").range(0, 60)}},
                  greet_slowly);
  return longhaul::run(server, argc, argv);
}
