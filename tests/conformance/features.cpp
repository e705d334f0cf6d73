// SPDX-License-Identifier: Apache-2.0
// Prompts, resources, and what sends notifications.
#include <boost/describe.hpp>
#include <chrono>

#include "conformance/fixtures.hpp"
#include "conformance/media.hpp"

namespace conformance {
namespace {

using namespace std::chrono_literals;
using longhaul::task_context;

struct two_args {
  std::string arg1, arg2;
};
BOOST_DESCRIBE_STRUCT(two_args, (), (arg1, arg2))

struct uri_args {
  std::string resourceUri;
};
BOOST_DESCRIBE_STRUCT(uri_args, (), (resourceUri))

struct id_variable {
  std::string id;
};
BOOST_DESCRIBE_STRUCT(id_variable, (), (id))

struct context_form {
  std::string context;
};
BOOST_DESCRIBE_STRUCT(context_form, (), (context))

std::string with_logging(task_context& task) {
  for (const char* line :
       {"Tool execution started", "Tool processing data", "Tool execution completed"}) {
    task.log(longhaul::log_level::info, line);
    task.sleep_for(50ms);
  }
  return "Logged three lines";
}

std::string ask_context(task_context& task) {
  const auto said =
      task.ask("user_context", longhaul::elicitation::form<context_form>("What is it about?"));
  return said.accepted() ? "The context: " + said.as<context_form>().context : "No context.";
}

}  // namespace

void add_prompts(longhaul::server& server) {
  server.add_prompt({.name = "test_simple_prompt", .description = "A simple prompt"},
                    [] { return "This is a simple prompt for testing."; });
  server.add_prompt(
      {.name = "test_prompt_with_arguments",
       .description = "A prompt with arguments",
       .complete = {{"arg1", longhaul::completer::among({"testValue1", "testValue2"})}}},
      [](const two_args& args) {
        return "Prompt with arguments: arg1='" + args.arg1 + "', arg2='" + args.arg2 + "'";
      });
  server.add_prompt(
      {.name = "test_prompt_with_embedded_resource", .description = "A prompt with a resource"},
      [](const uri_args& args) {
        std::vector<longhaul::prompt_message> messages;
        messages.emplace_back(longhaul::embedded_text(args.resourceUri, "text/plain",
                                                      "Embedded resource content for testing."));
        messages.push_back(longhaul::user("Please process the embedded resource above."));
        return messages;
      });
  server.add_prompt({.name = "test_prompt_with_image", .description = "A prompt with an image"},
                    [] {
                      std::vector<longhaul::prompt_message> messages;
                      messages.emplace_back(longhaul::image(png(), "image/png"));
                      messages.push_back(longhaul::user("Please analyze the image above."));
                      return messages;
                    });
  server.add_prompt(
      {.name = "test_input_required_result_prompt", .description = "A prompt that asks"},
      ask_context);
}

void add_resources(longhaul::server& server) {
  server.add_resource(
      {.uri = "test://static-text",
       .name = "Static text",
       .description = "A text that never changes",
       .mime_type = "text/plain"},
      longhaul::resource_content("This is the content of the static text resource."));
  server.add_resource({.uri = "test://static-binary",
                       .name = "Static binary",
                       .description = "A picture that never changes",
                       .mime_type = "image/png"},
                      longhaul::resource_content::blob(png()));
  server.add_resource({.uri = "test://watched-resource",
                       .name = "Watched resource",
                       .description = "A resource to subscribe to",
                       .mime_type = "text/plain"},
                      [] { return "What is watched"; });
  server.add_resource_template({.uri = "test://template/{id}/data",
                                .name = "Data by id",
                                .description = "Data for an id",
                                .mime_type = "application/json"},
                               [](const id_variable& variable) {
                                 return R"({"id":")" + variable.id +
                                        R"(","templateTest":true,"data":"Data for ID: )" +
                                        variable.id + R"("})";
                               });
}

void add_notices(longhaul::server& server) {
  server.add_tool(plain("test_tool_with_logging", "Logs"), with_logging);
  server.add_tool(plain("test_logging_tool", "Logs what nobody wants to hear"), with_logging);
  auto needs = plain("test_missing_capability", "Needs sampling");
  needs.requires_capabilities = {longhaul::client_capability::sampling};
  server.add_tool(std::move(needs), [] { return "sampling is there"; });
  server.add_tool(plain("test_trigger_tool_change", "Changes the list of tools"), [&server] {
    if (!server.remove_tool("test_changed")) {
      server.add_tool(plain("test_changed", "Comes and goes"), [] { return "there"; });
    }
    return "changed";
  });
  server.add_tool(plain("test_trigger_prompt_change", "Changes the list of prompts"), [&server] {
    if (!server.remove_prompt("test_changed")) {
      server.add_prompt({.name = "test_changed", .description = "Comes and goes"},
                        [] { return "there"; });
    }
    return "changed";
  });
  auto schema = plain("json_schema_2020_12_tool", "Has a schema of JSON Schema 2020-12");
  schema.input_schema = longhaul::raw_json::parse(
      R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",)"
      R"("$defs":{"address":{"$anchor":"addressDef","type":"object","properties":{)"
      R"("street":{"type":"string"},"city":{"type":"string"}}}},)"
      R"("properties":{"name":{"type":"string"},"address":{"$ref":"#/$defs/address"},)"
      R"("contactMethod":{"type":"string","enum":["phone","email"]},"phone":{"type":"string"},)"
      R"("email":{"type":"string"}},"allOf":[{"anyOf":[{"required":["phone"]},)"
      R"({"required":["email"]}]}],"if":{"properties":{"contactMethod":{"const":"phone"}},)"
      R"("required":["contactMethod"]},"then":{"required":["phone"]},)"
      R"("else":{"required":["email"]},"additionalProperties":false})");
  server.add_tool(std::move(schema), [](const longhaul::raw_json& arguments) {
    return std::string(arguments.view());
  });
}

}  // namespace conformance
