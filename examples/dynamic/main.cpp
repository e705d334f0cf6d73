// SPDX-License-Identifier: Apache-2.0
// Tools that come and go while the server runs, one that some callers never see, and one that is
// there only now and then. Clients are told that their list is old, and read it again.
//   longhaul-dynamic --stdio
//   longhaul-dynamic --http 127.0.0.1:8080
#include <atomic>
#include <boost/describe.hpp>
#include <longhaul/longhaul.hpp>
#include <string>
#include <string_view>

struct plugin_args {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(plugin_args, (), (name))

struct switch_args {
  bool on = true;
};
BOOST_DESCRIBE_STRUCT(switch_args, (), (on))

// All of these return at once: none needs a task.
longhaul::tool_options small(std::string name, std::string description) {
  return {.name = std::move(name),
          .description = std::move(description),
          .policy = longhaul::task_policy::never};
}

int main(int argc, char** argv) {
  longhaul::server server{{.name = "plugins", .version = "0.1.0", .dynamic = true}};
  std::atomic<bool> maintenance = false;

  // Tools are added and removed from any thread, those of handlers as well. What does not fit (a
  // name that is taken, or not allowed) throws while the server runs, with words for the caller.
  server.add_tool(small("load", "Loads a plugin: a tool of this name"),
                  [&server](const plugin_args& args) {
                    try {
                      server.add_tool(small(args.name, "A plugin that was loaded"),
                                      [args] { return args.name + " was here"; });
                    } catch (const std::invalid_argument& e) {
                      throw longhaul::tool_error(e.what());
                    }
                    return "loaded " + args.name;
                  });
  server.add_tool(small("unload", "Unloads a plugin"), [&server](const plugin_args& args) {
    if (args.name == "load" || args.name == "unload" || !server.remove_tool(args.name)) {
      throw longhaul::tool_error("there is no plugin " + args.name);
    }
    return "unloaded " + args.name;
  });

  // For a caller that may not see it, a tool does not exist: neither in the list nor in a call.
  longhaul::tool_options maintain =
      small("maintain", "Begins or ends maintenance; for whoever started this server");
  maintain.visible_to = [](std::string_view owner) { return owner == "local"; };
  server.add_tool(std::move(maintain), [&](const switch_args& args) {
    maintenance = args.on;
    server.tools_changed();  // what `visible_to` says has changed, which nobody else can know
    return std::string(args.on ? "maintenance begins" : "maintenance is over");
  });

  longhaul::tool_options repair = small("repair", "Repairs what is broken, during maintenance");
  repair.visible_to = [&](std::string_view) { return maintenance.load(); };
  server.add_tool(std::move(repair), [] { return std::string("repaired"); });

  return longhaul::run(server, argc, argv);
}
