// SPDX-License-Identifier: Apache-2.0
// A server whose tasks are kept in a store of its own (table_store.hpp).
#include <boost/describe.hpp>
#include <chrono>
#include <longhaul/longhaul.hpp>
#include <memory>
#include <string>

#include "table_store.hpp"

struct brew_args {
  int minutes = 4;
};
BOOST_DESCRIBE_STRUCT(brew_args, (), (minutes))

int main(int argc, char** argv) {
  longhaul::server server{{.name = "own-store", .store = std::make_shared<example::table_store>()}};
  server.add_tool(
      {.name = "brew",
       .description = "Makes tea",
       .fields = {longhaul::field(&brew_args::minutes, "Minutes to wait").range(0, 10)}},
      [](longhaul::task_context& task, const brew_args& args) {
        task.sleep_for(std::chrono::minutes(args.minutes));
        return std::string("a cup of tea");
      });
  return longhaul::run(server, argc, argv);
}
