// SPDX-License-Identifier: Apache-2.0
// The task engine without a server: a task that a handler works on, and one that is finished from
// outside, as a job in another system would be.
#include <iostream>
#include <longhaul/task_engine.hpp>

int main() {
  longhaul::task_engine engine;
  engine.add_tool({.name = "add_up", .description = "Adds numbers"},
                  [](longhaul::task_context& task, const longhaul::raw_json& arguments) {
                    task.progress(1, 2, "halfway");
                    return "worked on " + std::string(arguments.view());
                  });
  engine.start();

  const auto mine =
      engine.submit({.tool = "add_up", .arguments = longhaul::raw_json::parse("{\"n\":3}")});
  const auto done = engine.wait("local", mine->id());
  std::cout << done->id() << ' ' << to_string(done->status) << ' ' << done->result.body.view()
            << '\n';

  const auto job = engine.create_external({.tool = "render"});
  engine.report(job->id(), job->origin->token, {50, 100}, "half of the frames");
  engine.complete(job->id(), job->origin->token,
                  longhaul::outcome::result(longhaul::raw_json::parse("{\"content\":[]}")));
  std::cout << to_string(engine.get("local", job->id())->status) << " at "
            << longhaul::iso8601(engine.get("local", job->id())->updated_at) << '\n';
}
