// SPDX-License-Identifier: Apache-2.0
#include "remote.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "exit_codes.hpp"
#include "json/view.hpp"
#include "json/write.hpp"
#include "terminal/arguments.hpp"
#include "terminal/example_words.hpp"
#include "terminal/plain_text.hpp"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

std::string first_line_of(const std::string& file) {
  std::ifstream from(file);
  std::string line;
  if (!std::getline(from, line)) {
    throw std::invalid_argument("the key cannot be read from '" + file + "'");
  }
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
  return line;
}

std::pair<std::string, std::string> header_of(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0) {
    throw std::invalid_argument("--header '" + text + "': write 'Name: value'");
  }
  const std::size_t begin = text.find_first_not_of(' ', colon + 1);
  return {text.substr(0, colon), begin == std::string::npos ? "" : text.substr(begin)};
}

std::string strings_json(const std::vector<std::string>& all) {
  std::string text = "[";
  for (const std::string& each : all) {
    if (text.size() > 1) text += ',';
    json::append_string(text, each);
  }
  return text + "]";
}

terminal::server_spec spec_of(const remote_options& options) {
  if (options.command.empty()) {
    return terminal::find_server(options.server,
                                 {process_variables(), fs::current_path().string()});
  }
  terminal::server_spec spec;
  spec.command = options.command;
  spec.directory = fs::current_path().string();
  for (const std::string& word : options.command)
    spec.name += (spec.name.empty() ? "" : " ") + word;
  return spec;
}

// Where a task of it is found again. What a file says of a server (its key, its environment) stays
// in that file.
raw_json reach_of(const terminal::server_spec& spec) {
  std::string text;
  json::object o(text);
  if (!spec.origin.empty() && spec.origin != "$LONGHAUL_SERVER") {
    o.string("name", spec.name);
  } else if (!spec.file.empty()) {
    o.string("file", spec.file);
  } else if (!spec.url.empty()) {
    o.string("url", spec.url);
  } else {
    o.raw("command", strings_json(spec.command)).string("directory", spec.directory);
  }
  o.close();
  return raw_json::trusted(text);
}

server_place place_of(const terminal::server_spec& spec) {
  server_place place;
  place.url = spec.url;
  place.command = spec.command;
  place.environment = spec.environment;
  place.directory = spec.directory;
  if (!spec.file.empty()) {
    place.command = {fs::read_symlink("/proc/self/exe").string(), "serve", spec.file, "--stdio"};
  }
  return place;
}

question_handler roots_of(const std::vector<std::string>& folders) {
  std::vector<root> roots;
  for (const std::string& each : folders) {
    roots.push_back({"file://" + fs::absolute(each).lexically_normal().string()});
  }
  return [roots](const asked_question& question) -> std::optional<question_reply> {
    if (question.method == "roots/list") return roots;
    return std::nullopt;
  };
}

client_options client_options_for(const terminal::server_spec& spec, const remote_options& options,
                                  seat& at) {
  client_options result;
  result.version = LONGHAUL_VERSION;
  result.only_version = options.protocol;
  result.key = options.key_file.empty() ? spec.bearer : first_line_of(options.key_file);
  result.headers = spec.headers;
  for (const std::string& each : options.headers) result.headers.push_back(header_of(each));
  result.ca_file = options.ca_file;
  result.can = {client_capability::elicitation_form, client_capability::elicitation_url};
  if (at.interactive()) result.can.push_back(client_capability::sampling);
  if (!options.roots.empty()) result.can.push_back(client_capability::roots);
  if (!options.roots.empty()) result.on_question = roots_of(options.roots);
  if (options.verbose) {
    result.on_stderr = [&at](std::string_view line) { at.say(terminal::plain(line)); };
    result.on_log = [&at](const raw_json& said) {
      at.say("server: " + terminal::plain(json::value(said)["data"].raw()));
    };
  } else {
    result.on_stderr = [](std::string_view) {};  // what it says last stands in the error
  }
  return result;
}

remote_server opened(const terminal::server_spec& spec, const remote_options& options, seat& at) {
  remote_server result;
  result.word = spec.name;
  for (const std::string& word : options.command) {
    result.behind += (result.behind.empty() ? " -- " : " ") + terminal::shell_word(word);
  }
  result.reach = reach_of(spec);
  const server_place place = place_of(spec);
  result.is_program = place.url.empty();
  if (!options.roots.empty()) result.roots = roots_of(options.roots);
  result.connection = std::make_shared<client>(place, client_options_for(spec, options, at));
  return result;
}

}  // namespace

remote_server open_server(const remote_options& options, seat& at) {
  return opened(spec_of(options), options, at);
}

remote_server open_server(const terminal::handle& task, const remote_options& options, seat& at) {
  const json::value reach(task.server_spec);
  remote_options one = options;
  for (const char* const member : {"name", "file", "url"}) {
    if (auto word = reach[member].string()) one.server = *std::move(word);
  }
  if (one.protocol.empty()) one.protocol = task.era;  // a task belongs to the wire it was made on
  one.command.clear();
  for (json::elements each(reach["command"]); each.next();) {
    one.command.push_back(each.value().string().value_or(""));
  }
  terminal::server_spec spec = spec_of(one);
  if (const auto directory = reach["directory"].string()) spec.directory = *directory;
  spec.name = task.server;
  return opened(spec, options, at);
}

terminal::handle_book open_book() {
  return {terminal::handles_folder(process_variables()), system_clock()};
}

task_handle handle_of(const terminal::handle& remembered) {
  task_handle task;
  task.server = remembered.server;
  task.id = remembered.id;
  task.version = remembered.era;
  task.tool = remembered.tool;
  task.created = remembered.created;
  task.expires = remembered.expires;
  return task;
}

void note_end(const std::string& task, const std::string& server, task_status status) {
  try {
    open_book().update(task, server, [&](terminal::handle& one) { one.last_status = status; });
  } catch (const std::exception&) {  // a list that is behind by one state
  }
}

int tell_trouble(const std::exception& why, bool json) {
  const auto* const told = dynamic_cast<const client_error*>(&why);
  const exit_code code = told != nullptr ? exit_code_of(*told) : exit_code::usage;
  if (json) {
    std::string text;
    json::object o(text);
    o.string("status", "error");
    json::object error(o.key("error"));
    error.string("message", why.what());
    if (told != nullptr && told->code() != 0) error.integer("code", told->code());
    if (told != nullptr && told->data()) error.raw("data", told->data());
    error.close();
    o.integer("exit", static_cast<int>(code)).close();
    std::cout << text << std::endl;
  } else {
    const bool forbidden = told != nullptr && told->why() == client_error::kind::forbidden;
    std::cerr << "longhaul: " << terminal::plain_lines(why.what())
              << (forbidden ? "; a key is given with --key-file FILE" : "") << std::endl;
  }
  return static_cast<int>(code);
}

}  // namespace longhaul
