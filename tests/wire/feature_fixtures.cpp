// SPDX-License-Identifier: Apache-2.0
#include "feature_fixtures.hpp"

#include <boost/describe.hpp>

namespace longhaul::test {
namespace feature_fixtures {

enum class tone { kind, strict };
BOOST_DESCRIBE_ENUM(tone, kind, strict)

struct review_args {
  std::string code;
  std::optional<int> lines;
  tone voice = tone::kind;
};
BOOST_DESCRIBE_STRUCT(review_args, (), (code, lines, voice))

struct note_variable {
  int id = 0;
};
BOOST_DESCRIBE_STRUCT(note_variable, (), (id))

struct file_variable {
  std::string path;
};
BOOST_DESCRIBE_STRUCT(file_variable, (), (path))

prompt_result review(const review_args& args) {
  prompt_result result;
  result.description = args.voice == tone::kind ? "A kind review" : "A strict review";
  result.messages = {user("Review " + args.code),
                     assistant(std::to_string(args.lines.value_or(0)) + " lines")};
  return result;
}

std::string ask_in_prompt(task_context& task) {
  const auto said = task.ask(
      "topic", elicitation::form("Which topic?", raw_json::parse(R"({"type":"object",)"
                                                                 R"("properties":{"topic":{)"
                                                                 R"("type":"string"}}})")));
  return said.accepted() ? "Write about it" : "Write about nothing";
}

void add_prompts(serving::catalog& features) {
  prompt_options options;
  options.name = "review";
  options.title = "Review";
  options.description = "Reviews code";
  options.icons = {{.source = "https://example.org/r.png", .sizes = {"48x48"}}};
  options.fields = {field(&review_args::code, "What to review")};
  options.complete.emplace("code", completer::among({"main.cpp", "main.hpp", "other.cpp"}));
  features.add(make_prompt(std::move(options), review));
  prompt_options asks;
  asks.name = "asks";
  features.add(make_prompt(std::move(asks), ask_in_prompt));
  prompt_options fails;
  fails.name = "fails";
  features.add(make_prompt(std::move(fails),
                           []() -> std::string { throw tool_error("there is no paper"); }));
  prompt_options anns;
  anns.name = "for-ann";
  anns.visible_to = [](std::string_view owner) { return owner == "key:ann"; };
  features.add(make_prompt(std::move(anns), [] { return "Only for Ann"; }));
}

void add_resources(serving::catalog& features) {
  resource_options fixed;
  fixed.uri = "memo:///today";
  fixed.name = "today";
  fixed.mime_type = "text/plain";
  fixed.size = 5;
  fixed.annotations = {.audience = {"user"}, .priority = 0.5};
  fixed.caching = {.fresh = std::chrono::seconds(60), .for_everybody = true};
  features.add(make_resource(std::move(fixed), resource_content("today")));
  resource_options bytes;
  bytes.uri = "memo:///bytes";
  features.add(make_resource(std::move(bytes),
                             [] { return std::vector<std::byte>{std::byte{0}, std::byte{0xFF}}; }));
  resource_options family;
  family.uri = "notes://{id}";
  family.name = "note";
  family.mime_type = "text/plain";
  family.complete.emplace("id", [](const completion_request& typed) {
    return std::vector<std::string>{typed.value + "1", typed.value + "2"};
  });
  features.add(make_resource_template(std::move(family), [](const note_variable& note) {
    if (note.id > 99) throw resource_not_found("notes://" + std::to_string(note.id));
    return "note " + std::to_string(note.id);
  }));
  resource_options files;
  files.uri = "files:///{+path}";
  files.name = "file";
  features.add(make_resource_template(
      std::move(files), [](const file_variable& file) { return "file " + file.path; }));
}

}  // namespace feature_fixtures

void add_features(serving::catalog& features) {
  feature_fixtures::add_prompts(features);
  feature_fixtures::add_resources(features);
}

}  // namespace longhaul::test
