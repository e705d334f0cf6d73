// SPDX-License-Identifier: Apache-2.0
// The smallest server: one tool. Give it to a host:
//   longhaul-hello --stdio
//   longhaul-hello --http 127.0.0.1:8080
#include <boost/describe.hpp>
#include <longhaul/longhaul.hpp>
#include <string>

// A member with a default may be left out; the input schema follows from the struct.
struct hello_args {
  std::string name = "world";
};
BOOST_DESCRIBE_STRUCT(hello_args, (), (name))

int main(int argc, char** argv) {
  longhaul::server server{{.name = "hello", .version = "0.1.0"}};
  server.add_tool({.name = "hello", .description = "Says hello to somebody"},
                  [](const hello_args& args) { return "Hello, " + args.name + "!"; });
  return longhaul::run(server, argc, argv);
}
