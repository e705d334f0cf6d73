// SPDX-License-Identifier: Apache-2.0
// The client that the official MCP conformance suite tests: it is started with the URL of a server
// of the suite, does what the scenario wants of clients, and exits. It sees the public headers
// only, as a user's program would.
//
//   longhaul-conformance-client URL     with MCP_CONFORMANCE_SCENARIO, MCP_CONFORMANCE_CONTEXT
//
// Which revision is spoken is found out, never set. The last word of what it prints is `done`.
#include <boost/json.hpp>
#include <cstdlib>
#include <iostream>
#include <longhaul/client.hpp>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

namespace json = boost::json;
using longhaul::client;
using longhaul::raw_json;

std::string from_environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

json::value read(const raw_json& text) { return json::parse(text.view()); }
raw_json write(const json::value& value) { return raw_json::parse(json::serialize(value)); }

std::string member_of(const raw_json& object, std::string_view name) {
  return json::value_to<std::string>(read(object).at(name));
}

void call(const client& server, std::string_view tool, const raw_json& arguments) {
  std::cout << tool << ": " << server.call(tool, arguments).wait().value().text() << '\n';
}

// Whoever answers submits every form as it stands.
std::optional<longhaul::question_reply> submit(const longhaul::asked_question& question) {
  if (question.method != "elicitation/create") return std::nullopt;
  return longhaul::answer{longhaul::answer::action::accept, longhaul::form_defaults(question)};
}

// --- what the scenarios want

void list_tools(const client& server) {
  for (const raw_json& tool : server.tools()) std::cout << member_of(tool, "name") << '\n';
}

void add_numbers(const client& server) {
  list_tools(server);
  call(server, "add_numbers", raw_json::parse(R"({"a":2,"b":3})"));
}

void call_each_tool(const client& server) {
  for (const raw_json& tool : server.tools()) call(server, member_of(tool, "name"), {});
}

// One call is asked back while another one is made: neither may carry what belongs to the other.
void call_while_asked(const client& server) {
  list_tools(server);
  longhaul::call_options options;
  options.on_question = [](const longhaul::asked_question& question) { return submit(question); };
  const auto asked = server.call("test_mrtr_echo_state", raw_json(), options);
  call(server, "test_mrtr_unrelated", {});
  std::cout << asked.wait().value().text() << '\n';
  call(server, "test_mrtr_no_state", {});
  call(server, "test_mrtr_unrelated", {});
  call(server, "test_mrtr_no_result_type", {});
}

void use_all_features(const client& server) {
  call_each_tool(server);
  for (const raw_json& resource : server.resources()) {
    server.read_resource(member_of(resource, "uri"));
  }
  for (const raw_json& prompt : server.prompts()) {
    server.request("prompts/get", write({{"name", member_of(prompt, "name")}}));
  }
}

void make_given_calls(const client& server) {
  list_tools(server);
  const json::value context = json::parse(from_environment("MCP_CONFORMANCE_CONTEXT"));
  for (const json::value& each : context.at("toolCalls").as_array()) {
    call(server, json::value_to<std::string>(each.at("name")), write(each.at("arguments")));
  }
}

// Those that are offered can be called; those that are left out cannot.
void keep_to_valid_tools(const client& server) {
  int offered = 0;
  for (const raw_json& tool : server.tools()) {
    call(server, member_of(tool, "name"), raw_json::parse(R"({"region":"eu"})"));
    ++offered;
  }
  if (offered != 1) throw std::runtime_error(std::to_string(offered) + " tools are offered");
  bool refused = false;
  try {
    call(server, "invalid_empty_header", raw_json::parse(R"({"value":"x"})"));
  } catch (const longhaul::client_error& e) {
    std::cout << e.what() << '\n';
    refused = true;
  }
  if (!refused) throw std::runtime_error("a tool that was left out was called");
}

void echo_schema(const client& server) {
  for (const raw_json& tool : server.tools()) {
    if (member_of(tool, "name") != "json_schema_2020_12_tool") continue;
    call(server, "json_schema_echo", write({{"schema", read(tool).at("inputSchema")}}));
    return;
  }
  throw std::runtime_error("json_schema_2020_12_tool is not offered");
}

using behaviour = void (*)(const client&);
const std::map<std::string, behaviour> behaviours = {
    {"initialize", list_tools},
    {"tools_call", add_numbers},
    {"elicitation-sep1034-client-defaults", call_each_tool},
    {"sse-retry", call_each_tool},
    {"request-metadata", list_tools},
    {"sep-2322-client-request-state", call_while_asked},
    {"http-standard-headers", use_all_features},
    {"http-custom-headers", make_given_calls},
    {"http-invalid-tool-headers", keep_to_valid_tools},
    {"json-schema-ref-no-deref", list_tools},
    {"json-schema-2020-12-preservation", echo_schema},
};

// Servers of sessions choose the revision; which era it is, the suite says.
void check_era(const std::string& version) {
  constexpr std::string_view stateless = "2026-07-28";
  const std::string wanted = from_environment("MCP_CONFORMANCE_PROTOCOL_VERSION");
  std::cout << "speaks " << version << " for " << wanted << '\n';
  if ((version == stateless) == (wanted == stateless)) return;
  throw std::runtime_error("speaks " + version + " where the suite tests " + wanted);
}

longhaul::client_options options() {
  longhaul::client_options result;
  result.name = "longhaul-conformance-client";
  result.version = "1.0";
  using can = longhaul::client_capability;
  result.can = {can::elicitation_form, can::sampling, can::roots};
  result.on_question = submit;
  result.on_log = [](const raw_json& params) { std::cerr << params.view() << '\n'; };
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto found = behaviours.find(from_environment("MCP_CONFORMANCE_SCENARIO"));
    if (argc != 2 || found == behaviours.end()) {
      std::cerr << "MCP_CONFORMANCE_SCENARIO names no scenario, or there is no URL\n";
      return 2;
    }
    const client server({.url = argv[1]}, options());
    check_era(server.connect().version);
    found->second(server);
    std::cout << "done" << std::endl;
    return 0;
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}
