// SPDX-License-Identifier: Apache-2.0
#include "server/links.hpp"

#include <memory>
#include <utility>

#include "json/view.hpp"
#include "json/write.hpp"

namespace longhaul::serving {
namespace {

constexpr std::string_view link_type = "resource_link";

std::string contents_without_links(json::value content) {
  std::string out = "[";
  for (json::elements e(content); e.next();) {
    if (out.size() > 1) out += ',';
    if (!e.value()["type"].equals(link_type)) {
      out += e.value().raw();
      continue;
    }
    const auto name = e.value()["title"] ? e.value()["title"].string() : e.value()["name"].string();
    std::string words = name && !name->empty() ? *name + ": " : "";
    words += e.value()["uri"].string().value_or("");
    json::object text(out);
    text.string("type", "text").string("text", words).close();
  }
  return out + ']';
}

boost::asio::awaitable<handler_result> run_without_links(
    std::shared_ptr<const coroutine_handler> handler, task_context& task,
    call_arguments arguments) {
  auto running = (*handler)(task, std::move(arguments));
  handler_result result = co_await std::move(running);
  if (result) result = without_links(*std::move(result));
  co_return result;
}

}  // namespace

outcome without_links(outcome result) {
  if (result.is_protocol_error || result.body.view().find(link_type) == std::string_view::npos) {
    return result;
  }
  std::string out;
  json::object without(out);
  for (json::members m{json::value(result.body)}; m.next();) {
    if (m.key() == "content" && m.value().is(json::kind::array)) {
      without.raw("content", contents_without_links(m.value()));
    } else {
      without.raw(m.key(), m.value().raw());
    }
  }
  without.close();
  result.body = raw_json::trusted(std::move(out));
  return result;
}

void remove_links(tool_definition& tool) {
  if (auto* blocking = std::get_if<blocking_handler>(&tool.handler)) {
    tool.handler = blocking_handler(
        [handler = std::move(*blocking)](task_context& task, const call_arguments& arguments) {
          handler_result result = handler(task, arguments);
          if (result) result = without_links(*std::move(result));
          return result;
        });
    return;
  }
  const auto handler = std::make_shared<const coroutine_handler>(
      std::get<coroutine_handler>(std::move(tool.handler)));
  tool.handler = coroutine_handler([handler](task_context& task, call_arguments arguments) {
    return run_without_links(handler, task, std::move(arguments));
  });
}

}  // namespace longhaul::serving
