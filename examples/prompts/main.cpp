// SPDX-License-Identifier: Apache-2.0
// Prompts: typed arguments, several messages, every type of content, and completion of what a user
// types, also of the variables of a resource template.
//   longhaul-prompts --stdio
//   longhaul-prompts --http 127.0.0.1:8080
#include <boost/describe.hpp>
#include <longhaul/longhaul.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// --- review: clients send strings; the handler gets what its members want.

enum class strictness { gentle, thorough, merciless };
BOOST_DESCRIBE_ENUM(strictness, gentle, thorough, merciless)

struct review_args {
  std::string file;
  strictness how = strictness::thorough;  // an enum is completed without a word
  std::optional<int> lines;
};
BOOST_DESCRIBE_STRUCT(review_args, (), (file, how, lines))

std::string words_of(strictness how) {
  switch (how) {
    case strictness::gentle:
      return "Be gentle.";
    case strictness::thorough:
      return "Be thorough.";
    case strictness::merciless:
      return "Show no mercy.";
  }
  return {};
}

longhaul::prompt_result review(const review_args& args) {
  std::string task = "Review " + args.file + ". " + words_of(args.how);
  if (args.lines) task += " Look at the first " + std::to_string(*args.lines) + " lines only.";
  longhaul::prompt_result all{.description = "A review of " + args.file};
  all.messages.push_back(longhaul::user(task));
  all.messages.emplace_back(longhaul::embedded_text("repo://main/" + args.file, "text/x-c++src",
                                                    "int main() { return 42; }\n"));
  all.messages.push_back(longhaul::assistant("I have read it. The first thing I see:"));
  return all;
}

// --- describe: messages need not be text.

std::vector<longhaul::prompt_message> describe() {
  constexpr std::string_view picture("P5 1 1 255\n\x80");  // one grey dot
  constexpr std::string_view silence("RIFF\x24\0\0\0WAVE", 12);
  std::vector<longhaul::prompt_message> all;
  all.push_back(longhaul::user("Describe what you see and hear."));
  all.emplace_back(longhaul::image(picture, "image/x-portable-graymap"));
  all.emplace_back(longhaul::audio(silence, "audio/wav"));
  return all;
}

// --- repo://{branch}/{file}: the second variable is completed by what the first one is.

const std::map<std::string, std::vector<std::string>>& branches() {
  static const std::map<std::string, std::vector<std::string>> all{
      {"main", {"main.cpp", "main.hpp", "README.md"}}, {"next", {"engine.cpp", "main.cpp"}}};
  return all;
}

struct file_variables {
  std::string branch;
  std::string file;
};
BOOST_DESCRIBE_STRUCT(file_variables, (), (branch, file))

std::vector<std::string> files_that_fit(const longhaul::completion_request& typed) {
  std::vector<std::string> fit;
  const auto branch = typed.arguments.find("branch");
  if (branch == typed.arguments.end()) return fit;
  const auto known = branches().find(branch->second);
  if (known == branches().end()) return fit;
  for (const std::string& file : known->second) {
    if (file.starts_with(typed.value)) fit.push_back(file);
  }
  return fit;
}

int main(int argc, char** argv) {
  longhaul::server server{{.name = "prompts", .version = "0.1.0"}};
  server.add_prompt(
      {.name = "review",
       .title = "Review a file",
       .description = "Asks for a review of one file",
       .complete = {{"file", longhaul::completer::among(branches().at("main"))}},
       .fields = {longhaul::field(&review_args::file, "The file to look at"),
                  longhaul::field(&review_args::lines, "How many lines").range(1, 10'000)}},
      review);
  server.add_prompt({.name = "describe", .description = "Shows a picture and plays a sound"},
                    describe);
  server.add_resource_template(
      {.uri = "repo://{branch}/{file}",
       .name = "file",
       .mime_type = "text/plain",
       .complete = {{"branch", longhaul::completer::among({"main", "next"})},
                    {"file", files_that_fit}}},
      [](const file_variables& wanted) { return wanted.file + " as it is on " + wanted.branch; });
  return longhaul::run(server, argc, argv);
}
