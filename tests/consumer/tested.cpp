// SPDX-License-Identifier: Apache-2.0
// A test of a server as a user of the installed package writes it. Exit code 0: all is well.
#include <chrono>
#include <iostream>
#include <longhaul/longhaul.hpp>
#include <longhaul/testing.hpp>
#include <string>

namespace testkit = longhaul::testkit;

int main() {
  longhaul::server server{{.name = "tested"}};
  server.add_tool({.name = "nap"}, [](longhaul::task_context& task) {
    task.sleep_for(std::chrono::hours(8));
    return std::string("rested");
  });
  testkit::test_server serving(server);
  for (const auto revision : {testkit::revision::v2025_11_25, testkit::revision::v2026_07_28}) {
    testkit::client host(serving, {.revision = revision});
    const auto nap = host.create_task("nap");
    const auto ended = host.wait_task(nap->id);
    if (ended->result->text() != "rested") return 1;
  }
  std::cout << "tested: two naps of eight hours\n";
  return 0;
}
