// SPDX-License-Identifier: Apache-2.0
#include "completion.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <utility>

#include "json/view.hpp"
#include "remote.hpp"
#include "terminal/completion_scripts.hpp"
#include "terminal/plain_text.hpp"
#include "terminal/server_names.hpp"

namespace longhaul {
namespace {

using suggestions = std::vector<std::pair<std::string, std::string>>;

// A shell waits for it at every key.
constexpr milliseconds patience{1500};

terminal::surroundings around() {
  return {process_variables(), std::filesystem::current_path().string()};
}

void add_servers(suggestions& into) {
  for (const auto& each : terminal::known_servers(around()).servers) {
    into.emplace_back(each.name, each.description);
  }
}

void add_tasks(suggestions& into) {
  const auto all = open_book().all();
  const std::vector<std::string> ids = terminal::short_ids(all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    into.emplace_back(ids[i], all[i].tool + " at " + all[i].server);
  }
  if (!all.empty()) into.emplace_back("last", all.front().tool);
}

std::vector<raw_json> tools_of(const std::string& word) {
  const terminal::server_spec spec = terminal::find_server(word, around());
  if (spec.url.empty()) return {};  // nothing is started for a suggestion
  client_options options;
  options.key = spec.bearer;
  options.headers = spec.headers;
  options.connect_time = options.reply_time = patience;
  return client({.url = spec.url}, std::move(options)).tools();
}

std::string first_line(json::value text) {
  const std::string all = text.string().value_or("");
  return terminal::plain(std::string_view(all).substr(0, all.find('\n')));
}

void add_parameters(const raw_json& tool, const std::string& typed, suggestions& into) {
  const json::value schema = json::value(tool)["inputSchema"];
  const std::size_t equals = typed.find('=');
  for (json::members each(schema["properties"]); each.next();) {
    const std::string name(each.key());
    const std::string help = first_line(each.value()["description"]);
    if (equals == std::string::npos) {
      into.emplace_back(name + "=", help);
      continue;
    }
    if (typed.substr(0, equals) != name) continue;
    for (json::elements value(each.value()["enum"]); value.next();) {
      into.emplace_back(
          name + "=" + value.value().string().value_or(std::string(value.value().raw())), "");
    }
    if (each.value()["type"].equals("boolean")) {
      into.emplace_back(name + "=true", "");
      into.emplace_back(name + "=false", "");
    }
  }
}

void add_options(std::string_view command, suggestions& into) {
  if (command == "admin") {
    into.insert(into.end(), {{"--json", "what the API replies"},
                             {"--url", "where the operators' API is"},
                             {"--key-env", "the variable with the key"},
                             {"--ca", "authorities that are trusted"},
                             {"--help", "explains it"}});
    return;
  }
  suggestions all = {{"--json", "one JSON object"},
                     {"--quiet", "only results and errors"},
                     {"--key-file", "a file with the API key"},
                     {"--help", "explains it"}};
  if (command == "call") {
    all.insert(all.end(), {{"--detach", "do not wait"},
                           {"--timeout", "wait no longer"},
                           {"--answer", "KEY=VALUE for questions"},
                           {"--decline", "decline questions"},
                           {"--follow", "with --json: each change"}});
  }
  into.insert(into.end(), all.begin(), all.end());
}

// Words that are no options, with what belongs to an option left out.
std::vector<std::string> positionals(const std::vector<std::string>& words) {
  static const std::vector<std::string> with_value = {
      "--key-file", "--timeout", "--answer", "--header",          "--ca",  "--protocol",
      "--ttl",      "--root",    "--tail",   "--idempotency-key", "--url", "--key-env"};
  std::vector<std::string> all;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with("-") && words[i].size() > 1) {
      i += std::ranges::find(with_value, words[i]) != with_value.end() ? 1U : 0U;
    } else {
      all.push_back(words[i]);
    }
  }
  return all;
}

suggestions suggest(const std::vector<std::string>& words) {
  suggestions all;
  const std::string typed = words.empty() ? "" : words.back();
  if (words.size() <= 1) {
    for (const char* const each :
         {"call", "tools", "tasks", "admin", "serve", "store", "completion"}) {
      all.emplace_back(each, "");
    }
    return all;
  }
  const std::string& command = words.front();
  if (typed.starts_with('-')) {
    add_options(command, all);
    return all;
  }
  const std::vector<std::string> before = positionals({words.begin() + 1, words.end() - 1});
  if (command == "completion" && before.empty()) {
    for (const std::string_view each : terminal::completion_shells()) all.emplace_back(each, "");
  } else if (command == "tasks" && before.empty()) {
    for (const char* const each :
         {"list", "watch", "get", "result", "cancel", "answer", "output", "forget"}) {
      all.emplace_back(each, "");
    }
  } else if (command == "tasks") {
    add_tasks(all);
  } else if (command == "admin" && before.empty()) {
    for (const char* const each :
         {"status", "tasks", "show", "explain", "tail", "top", "tools", "owners", "processes",
          "audit", "cancel", "retry", "delete", "retain", "answer", "pause", "resume"}) {
      all.emplace_back(each, "");
    }
  } else if ((command == "call" || command == "tools") && before.empty()) {
    add_servers(all);
  } else if (command == "call" || command == "tools") {
    for (const raw_json& each : tools_of(before[0])) {
      const json::value tool(each);
      const std::string name = tool["name"].string().value_or("");
      if (before.size() == 1) {
        all.emplace_back(name, first_line(tool["description"]));
      } else if (command == "call" && name == before[1]) {
        add_parameters(each, typed, all);
      }
    }
  }
  return all;
}

}  // namespace

bool is_server_word(const std::string& word) {
  if (word.find("://") != std::string::npos || word.ends_with(".toml")) return true;
  const auto known = terminal::known_servers(around()).servers;
  return std::ranges::find(known, word, &terminal::known_server::name) != known.end();
}

int run_completion(const std::string& shell) {
  return guarded(false, [&] {
    std::cout << terminal::completion_script(shell) << std::flush;
    return 0;
  });
}

int run_complete(const std::vector<std::string>& words) {
  try {
    const std::string typed = words.empty() ? "" : words.back();
    for (const auto& [value, help] : suggest(words)) {
      const std::string shown = terminal::plain(value);
      if (!shown.starts_with(typed)) continue;
      std::cout << shown;
      if (!help.empty()) std::cout << '\t' << terminal::plain(help);
      std::cout << '\n';
    }
    std::cout << std::flush;
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): nobody reads it
  }
  return 0;
}

}  // namespace longhaul
