// SPDX-License-Identifier: Apache-2.0
#include "bench/features.hpp"

#include <boost/describe.hpp>
#include <longhaul/resource.hpp>
#include <longhaul/typed_tool.hpp>

#include <string>

#include "bench/messages.hpp"
#include "bench/server.hpp"

namespace longhaul::bench {

// Handlers of typed tools need arguments with linkage.
struct render_args {
  std::string scene;
  std::string output;
  int frames = 24;
  double quality = 0.5;
  bool draft = false;
  std::vector<std::string> layers = {};
};
BOOST_DESCRIBE_STRUCT(render_args, (), (scene, output, frames, quality, draft, layers))

namespace {

tool_options named(const char* name, task_policy policy) {
  tool_options options;
  options.name = name;
  options.description = "Renders a scene to a video";
  options.policy = policy;
  return options;
}

content_item rendered(const render_args& args) { return text("rendered " + args.scene); }

boost::asio::awaitable<content_item> rendered_later(render_args args) { co_return rendered(args); }

void add_tools(serving::catalog& tools) {
  tools.add(make_tool(named(tool::blocking, task_policy::never), rendered));
  tools.add(make_tool(named(tool::coroutine, task_policy::never), rendered_later));
  auto at_once = named(tool::quick, task_policy::never);
  at_once.quick = true;
  tools.add(make_tool(std::move(at_once), rendered_later));
  tools.add(make_tool(named(tool::task, task_policy::always), rendered_later));
  tools.add(make_tool(named(tool::blocking_task, task_policy::always), rendered));
  auto elsewhere = named(tool::external, task_policy::always);
  elsewhere.external = true;
  tools.add(make_tool(std::move(elsewhere), [](const render_args&) { return external{}; }));
}

boost::asio::awaitable<resource_content> read_later(std::string text) { co_return text; }

void add_resources(serving::catalog& resources) {
  for (std::size_t n = 0; n < resource::count; ++n) {
    resource_options options;
    options.uri = resource_uri(resource::fixed, n);
    options.mime_type = "text/plain";
    resources.add(make_resource(options, resource_content(resource_text(n))));
    options.uri = resource_uri(resource::coroutine, n);
    resources.add(make_resource(options, [n] { return read_later(resource_text(n)); }));
  }
}

}  // namespace

void add_features(serving::catalog& catalog) {
  add_tools(catalog);
  add_resources(catalog);
}

void unbound(tasks::engine_options& options) {
  constexpr std::size_t many = 100'000'000;
  options.bounds = {many, many, many, many};
  options.max_parked = many;  // so many hand-overs may be behind
}

}  // namespace longhaul::bench
