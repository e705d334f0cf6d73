// SPDX-License-Identifier: Apache-2.0
#include "client/capabilities.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>

#include "json/write.hpp"

namespace longhaul::remote {

std::string capabilities_json(const std::vector<client_capability>& can, bool tasks) {
  using one = client_capability;
  const auto has = [&](one wanted) { return std::ranges::find(can, wanted) != can.end(); };
  std::string out;
  json::object o(out);
  if (has(one::elicitation_form) || has(one::elicitation_url)) {
    json::object modes(o.key("elicitation"));
    if (has(one::elicitation_form)) modes.raw("form", "{}");
    if (has(one::elicitation_url)) modes.raw("url", "{}");
    modes.close();
  }
  if (has(one::sampling) || has(one::sampling_tools) || has(one::sampling_context)) {
    json::object parts(o.key("sampling"));
    if (has(one::sampling_tools)) parts.raw("tools", "{}");
    if (has(one::sampling_context)) parts.raw("context", "{}");
    parts.close();
  }
  if (has(one::roots)) o.raw("roots", "{}");
  if (tasks) {
    json::object extensions(o.key("extensions"));
    extensions.raw(tasks_extension, "{}").close();
  }
  o.close();
  return out;
}

std::string implementation_json(const client_options& options) {
  std::string text;
  json::object o(text);
  o.string("name", options.name);
  o.string("version", options.version.empty() ? "1" : options.version).close();
  return text;
}

std::optional<question_reply> ask_safely(const question_handler& handler,
                                         const asked_question& question) {
  if (!handler) return std::nullopt;
  try {
    return handler(question);
  } catch (const std::exception& e) {
    return question_reply(question_reply::refusal{-32603, e.what()});
  } catch (...) {
    return question_reply(question_reply::refusal{-32603, "the client has failed"});
  }
}

answer_text answer_of(const asked_question& question, const std::optional<question_reply>& given) {
  const bool is_elicitation = question.method == "elicitation/create";
  const bool refused = !given || given->refused();
  if (refused && is_elicitation) return {R"({"action":"decline"})", {}};
  if (!given) return {{}, R"({"code":-1,"message":"nobody is here to answer"})"};
  try {
    return text_of_answer(question.method, *given);
  } catch (const std::logic_error&) {
    return {{}, R"({"code":-32603,"message":"the client has an answer of another kind"})"};
  }
}

}  // namespace longhaul::remote
